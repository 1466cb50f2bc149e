#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("all accounts", of = AccountEvent, partiton = AccountId)]
struct Accounts;

// becomes

::core::compile_error! {
    "`of` takes types in parentheses\n\nhelp: write `of(AccountEvent)`"
}
::core::compile_error! {
    "unknown key `partiton` in `#[projection(...)]`\n\nhelp: did you mean `partition = AccountId`?"
}
::core::compile_error! {
    "`all accounts` is not a name for a projection\n\nhelp: it is part of URLs; use ASCII letters, digits, `-`, `_` and `.`: `\"all-accounts\"`"
}
#[automatically_derived]
impl ::ironflow_domain::Reads<AccountEvent> for Accounts {}
#[automatically_derived]
impl ::ironflow_domain::Projection for Accounts {
    const NAME: &'static ::core::primitive::str = "all accounts";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <AccountEvent as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "";
    type Key = AccountId;
    type Form = Self;
    fn initial() -> Self {
        <Self as ::core::default::Default>::default()
    }
    fn feed() -> ::ironflow_domain::Feed<Self> {
        ::ironflow_domain::Feed::new([
            <Self as ::ironflow_domain::Project<
                AccountEvent,
            >>::source(::core::option::Option::None),
        ])
    }
}
#[automatically_derived]
impl ::ironflow_domain::HasViews for Accounts {}
