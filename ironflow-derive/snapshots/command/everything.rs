#[command(Account, context = Clerk, creates, by_hand(Debug, PartialEq), crate = ::flow)]
#[derive(Clone)]
pub enum Rare {
    /// Opens it.
    Open {
        #[id]
        account: AccountId,
    },
    #[cfg(feature = "audit")]
    Audit(#[id] AccountId, u8),
}

// becomes

#[derive(Clone)]
pub enum Rare {
    /// Opens it.
    Open { account: AccountId },
    #[cfg(feature = "audit")]
    Audit(AccountId, u8),
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::flow::Command for Rare {
    type Aggregate = Account;
    type Context = Clerk;
    const CREATES: ::core::primitive::bool = true;
    const KINDS: &'static [::flow::CommandKind] = &[
        ::flow::CommandKind {
            name: "open",
            ident: "Open",
            doc: "Opens it.",
        },
        #[cfg(feature = "audit")]
        ::flow::CommandKind {
            name: "audit",
            ident: "Audit",
            doc: "",
        },
    ];
    const IS_ENUM: ::core::primitive::bool = true;
    fn name(&self) -> &'static ::core::primitive::str {
        match self {
            Self::Open { .. } => "open",
            #[cfg(feature = "audit")]
            Self::Audit { .. } => "audit",
        }
    }
    fn own_stream(
        &self,
    ) -> ::core::option::Option<
        ::core::result::Result<::flow::StreamId, ::flow::InvalidStreamId>,
    > {
        ::core::option::Option::Some(::flow::Addressed::stream_id(self))
    }
    fn shown(
        context: &Self::Context,
    ) -> ::core::option::Option<&dyn ::core::fmt::Debug> {
        #[allow(unused_imports, reason = "one of them is used")]
        use ::flow::__private::{Printed as _, Unprinted as _};
        (&::flow::__private::Shown(context)).shown()
    }
    fn content(&self) -> ::core::option::Option<::flow::__private::String> {
        #[allow(unused_imports, reason = "one of them is used")]
        use ::flow::__private::{Silent as _, Telling as _};
        (&::flow::__private::Content(self)).content()
    }
    ::flow::__private::with_schema! {
        fn schemas() -> ::std::vec::Vec < ::core::option::Option < ::flow::Schema >> {
        #[allow(unused_imports, reason = "one of them is used")] use ::flow::__private::
        { Described as _, Undescribed as _ }; (&
        ::flow::__private::Looks(::core::marker::PhantomData:: < Self >)).schemas() }
    }
    #[inline]
    fn decide(self, state: &Account, context: &Clerk) -> ::flow::Decision<Account> {
        <Account as ::flow::DecideWith<Self>>::decide(state, self, context)
    }
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::flow::Addressed for Rare {
    fn stream_id(
        &self,
    ) -> ::core::result::Result<::flow::StreamId, ::flow::InvalidStreamId> {
        match self {
            Self::Open { account: __id, .. } => {
                <AccountId as ::flow::__private::Names>::stream_of::<Account>(__id)
            }
            #[cfg(feature = "audit")]
            Self::Audit { 0: __id, .. } => {
                <AccountId as ::flow::__private::Names>::stream_of::<Account>(__id)
            }
        }
    }
}
