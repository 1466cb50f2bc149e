/// An account.
#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
pub struct Account {
    open: bool,
}

// becomes

#[automatically_derived]
impl ::ironflow_domain::Aggregate for Account {
    type Event = AccountEvent;
    type Error = Refused;
    const NAME: &'static ::core::primitive::str = "Account";
    const DOC: &'static ::core::primitive::str = "An account.";
    #[inline]
    fn initial() -> Self {
        <Self as ::core::default::Default>::default()
    }
    #[inline]
    fn apply(&mut self, event: &AccountEvent) {
        <Self as ::ironflow_domain::Fold>::fold(self, event)
    }
}
