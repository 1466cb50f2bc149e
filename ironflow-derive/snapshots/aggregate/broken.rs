#[derive(Aggregate, Default)]
#[aggregate(evnt = AccountEvent)]
struct Account;

// becomes

::core::compile_error! {
    "unknown key `evnt` in `#[aggregate(...)]`\n\nhelp: did you mean `event = AccountEvent`?"
}
::core::compile_error! {
    "`error` is missing: an aggregate refuses commands with an error of its own\n\nhelp: add `error = AccountError` to `#[aggregate(...)]`"
}
#[automatically_derived]
impl ::ironflow_domain::Aggregate for Account {
    type Event = AccountEvent;
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
}
