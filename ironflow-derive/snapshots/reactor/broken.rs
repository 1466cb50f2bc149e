#[derive(Reactor)]
#[reactor("order mails", of(OrderEvent, OrderEvent), idempotent, retries = 5000000000)]
struct OrderMails;

// becomes

::core::compile_error! {
    "unknown key `idempotent` in `#[reactor(...)]`\n\nhelp: did you mean `repeatable`?"
}
::core::compile_error! {
    "`order mails` is not a name for a reactor\n\nhelp: it is part of URLs; use ASCII letters, digits, `-`, `_` and `.`: `\"order-mails\"`"
}
::core::compile_error! {
    "`OrderEvent` is listed twice\n\nhelp: list it once"
}
::core::compile_error! {
    "`OrderEvent` is first given here"
}
::core::compile_error! {
    "`5000000000` is too large\n\nhelp: write a number that fits in a `u32`"
}
#[automatically_derived]
impl ::ironflow_domain::ReactsTo<OrderEvent> for OrderMails {}
#[automatically_derived]
impl ::ironflow_domain::Reactor for OrderMails {
    const NAME: &'static ::core::primitive::str = "order mails";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <OrderEvent as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "";
    const REPEATABLE: ::core::primitive::bool = true;
    fn reactions() -> ::ironflow_domain::Reactions<Self> {
        ::ironflow_domain::Reactions::new([
            <Self as ::ironflow_domain::React<
                OrderEvent,
            >>::reaction(::core::option::Option::None),
        ])
    }
}
