/// A row per account.
#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent, CardEvent), version = 2)]
#[table("balances", columns = "account TEXT PRIMARY KEY, cents BIGINT NOT NULL", index = "cents", index = "cents DESC, account")]
#[table("cards", columns = "card TEXT PRIMARY KEY")]
pub struct Balances;

// becomes

const _: () = ::ironflow_domain::__private::has_a_category_of_its_own(
    <CardEvent as ::ironflow_domain::Event>::CATEGORY,
    &[<AccountEvent as ::ironflow_domain::Event>::CATEGORY],
);
#[automatically_derived]
impl ::ironflow_domain::Reads<AccountEvent> for Balances {}
#[automatically_derived]
impl ::ironflow_domain::Reads<CardEvent> for Balances {}
#[automatically_derived]
impl ::ironflow_domain::Projection for Balances {
    const NAME: &'static ::core::primitive::str = "balances";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <AccountEvent as ::ironflow_domain::Event>::CATEGORY,
        <CardEvent as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "A row per account.";
    const VERSION: ::core::primitive::u32 = 2u32;
    const TABLES: &'static [::ironflow_domain::Table] = &[
        ::ironflow_domain::Table::new(
            "balances",
            "account TEXT PRIMARY KEY, cents BIGINT NOT NULL",
            &["cents", "cents DESC, account"],
        ),
        ::ironflow_domain::Table::new("cards", "card TEXT PRIMARY KEY", &[]),
    ];
    type Key = ::ironflow_domain::TablesAreAskedWithSql;
    type Form = ::ironflow_domain::InTables;
    fn initial() -> Self {
        Self
    }
    fn feed() -> ::ironflow_domain::Feed<Self> {
        ::ironflow_domain::Feed::new([
            <Self as ::ironflow_domain::ProjectSql<
                AccountEvent,
            >>::source(::core::option::Option::None),
            <Self as ::ironflow_domain::ProjectSql<
                CardEvent,
            >>::source(::core::option::Option::None),
        ])
    }
}
#[automatically_derived]
impl ::ironflow_domain::SqlProjection for Balances {}
