#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("accounts", of(AccountEvent))]
struct Accounts {
    open: u32,
}

// becomes

#[automatically_derived]
impl ::ironflow_domain::Reads<AccountEvent> for Accounts {}
#[automatically_derived]
impl ::ironflow_domain::Projection for Accounts {
    const NAME: &'static ::core::primitive::str = "accounts";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <AccountEvent as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "";
    type Key = ::ironflow_domain::Unpartitioned;
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
