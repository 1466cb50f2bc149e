#[command(Account)]
pub struct Deposit {
    #[id]
    pub account: AccountId,
    pub cents: u64,
}

// becomes

#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
pub struct Deposit {
    pub account: AccountId,
    pub cents: u64,
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::ironflow_domain::Command for Deposit {
    type Aggregate = Account;
    type Context = ();
    const CREATES: ::core::primitive::bool = false;
    const KINDS: &'static [::ironflow_domain::CommandKind] = &[
        ::ironflow_domain::CommandKind {
            name: "deposit",
            ident: "Deposit",
            doc: "",
        },
    ];
    fn name(&self) -> &'static ::core::primitive::str {
        "deposit"
    }
    fn own_stream(
        &self,
    ) -> ::core::option::Option<
        ::core::result::Result<
            ::ironflow_domain::StreamId,
            ::ironflow_domain::InvalidStreamId,
        >,
    > {
        ::core::option::Option::Some(::ironflow_domain::Addressed::stream_id(self))
    }
    fn content(&self) -> ::core::option::Option<::ironflow_domain::__private::String> {
        #[allow(unused_imports, reason = "one of them is used")]
        use ::ironflow_domain::__private::{Silent as _, Telling as _};
        (&::ironflow_domain::__private::Content(self)).content()
    }
    ::ironflow_domain::__private::with_schema! {
        fn schemas() -> ::std::vec::Vec < ::core::option::Option <
        ::ironflow_domain::Schema >> { #[allow(unused_imports, reason =
        "one of them is used")] use ::ironflow_domain::__private:: { Described as _,
        Undescribed as _ }; (&
        ::ironflow_domain::__private::Looks(::core::marker::PhantomData:: < Self >))
        .schemas() }
    }
    #[inline]
    fn decide(
        self,
        state: &Account,
        _context: &(),
    ) -> ::ironflow_domain::Decision<Account> {
        <Account as ::ironflow_domain::Decide<Self>>::decide(state, self)
    }
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::ironflow_domain::Addressed for Deposit {
    fn stream_id(
        &self,
    ) -> ::core::result::Result<
        ::ironflow_domain::StreamId,
        ::ironflow_domain::InvalidStreamId,
    > {
        let __id = &self.account;
        <AccountId as ::ironflow_domain::__private::Names>::stream_of::<Account>(__id)
    }
}
