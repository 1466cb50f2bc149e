#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = AccountError, snapshot(after = "5ms", version = 2))]
struct Account {
    balance: u64,
}

// becomes

#[automatically_derived]
impl ::ironflow_domain::Aggregate for Account {
    type Event = AccountEvent;
    type Error = AccountError;
    const NAME: &'static ::core::primitive::str = "Account";
    const DOC: &'static ::core::primitive::str = "";
    #[inline]
    fn initial() -> Self {
        <Self as ::core::default::Default>::default()
    }
    #[inline]
    fn apply(&mut self, event: &AccountEvent) {
        <Self as ::ironflow_domain::Fold>::fold(self, event)
    }
    fn snapshots() -> ::core::option::Option<::ironflow_domain::Snapshots<Self>> {
        ::core::option::Option::Some(
            ::ironflow_domain::Snapshots::<
                Self,
            >::after(::core::time::Duration::new(0u64, 5000000u32))
                .version(2u32),
        )
    }
}
