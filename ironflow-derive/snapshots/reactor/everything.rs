#[derive(Reactor)]
#[reactor(
    "search-index",
    of(OrderEvent, shop::CustomerEvent), only(OrderEvent::Placed),
    from_start,
    repeatable,
    retries = 10,
    most_parked = 3,
    crate = flow
)]
struct SearchIndex<C: Client>(C);

// becomes

::core::compile_error! {
    "`flow` means something else in every module\n\nhelp: start at the root: `crate = ::flow`, or `crate = crate::flow` for a re-export"
}
#[automatically_derived]
impl<C: Client> flow::ReactsTo<OrderEvent> for SearchIndex<C> {}
#[automatically_derived]
impl<C: Client> flow::ReactsTo<shop::CustomerEvent> for SearchIndex<C> {}
#[automatically_derived]
impl<C: Client> flow::Reactor for SearchIndex<C> {
    const NAME: &'static ::core::primitive::str = "search-index";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <OrderEvent as flow::Event>::CATEGORY,
        <shop::CustomerEvent as flow::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "";
    const FROM_START: ::core::primitive::bool = true;
    const REPEATABLE: ::core::primitive::bool = true;
    const RETRIES: ::core::primitive::u32 = 10u32;
    const MOST_PARKED: ::core::primitive::u32 = 3u32;
    fn reactions() -> flow::Reactions<Self> {
        let _: fn(&OrderEvent) -> ::core::primitive::bool = |event| {
            ::core::matches!(event, OrderEvent::Placed { .. })
        };
        flow::Reactions::new([
            <Self as flow::React<
                OrderEvent,
            >>::reaction(::core::option::Option::Some(&["Placed"])),
            <Self as flow::React<
                shop::CustomerEvent,
            >>::reaction(::core::option::Option::None),
        ])
    }
}
