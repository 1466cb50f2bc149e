#[command(creates, contxt = Clerk)]
struct Open {
    #[id]
    account: AccountId,
    #[id]
    branch: u32,
}

// becomes

::core::compile_error! {
    "unknown key `contxt` in `#[command(...)]`\n\nhelp: did you mean `context = Clerk`?"
}
::core::compile_error! {
    "`#[command]` needs the aggregate that decides it\n\nhelp: write it first: `#[command(Account)]`"
}
::core::compile_error! {
    "`#[id]` is given twice\n\nhelp: keep the one that names the aggregate: `#[id] account: AccountId`"
}
::core::compile_error! {
    "`#[id]` is first given here"
}
#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
struct Open {
    account: AccountId,
    branch: u32,
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::ironflow_domain::Command for Open {
    type Context = Clerk;
    const CREATES: ::core::primitive::bool = true;
    const KINDS: &'static [::ironflow_domain::CommandKind] = &[
        ::ironflow_domain::CommandKind {
            name: "open",
            ident: "Open",
            doc: "",
        },
    ];
    fn name(&self) -> &'static ::core::primitive::str {
        "open"
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
    fn shown(
        context: &Self::Context,
    ) -> ::core::option::Option<&dyn ::core::fmt::Debug> {
        #[allow(unused_imports, reason = "one of them is used")]
        use ::ironflow_domain::__private::{Printed as _, Unprinted as _};
        (&::ironflow_domain::__private::Shown(context)).shown()
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
        state: &<Self as ::ironflow_domain::Command>::Aggregate,
        context: &Clerk,
    ) -> ::ironflow_domain::Decision<<Self as ::ironflow_domain::Command>::Aggregate> {
        ::core::unreachable!()
    }
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl ::ironflow_domain::Addressed for Open {
    fn stream_id(
        &self,
    ) -> ::core::result::Result<
        ::ironflow_domain::StreamId,
        ::ironflow_domain::InvalidStreamId,
    > {
        let __id = &self.account;
        ::core::unreachable!()
    }
}
