/// Thanks for every order.
#[derive(Reactor)]
#[reactor("order-mails", of(OrderEvent))]
struct OrderMails {
    mailer: Mailer,
}

// becomes

#[automatically_derived]
impl ::ironflow_domain::ReactsTo<OrderEvent> for OrderMails {}
#[automatically_derived]
impl ::ironflow_domain::Reactor for OrderMails {
    const NAME: &'static ::core::primitive::str = "order-mails";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <OrderEvent as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "Thanks for every order.";
    fn reactions() -> ::ironflow_domain::Reactions<Self> {
        ::ironflow_domain::Reactions::new([
            <Self as ::ironflow_domain::React<
                OrderEvent,
            >>::reaction(::core::option::Option::None),
        ])
    }
}
