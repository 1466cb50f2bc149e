/// What a customer has.
#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("customers", partition = CustomerId, of(AccountEvent, order::OrderEvent), only(order::OrderEvent::Placed, order::OrderEvent::Cancelled), crate = ::flow)]
pub struct Customer {
    orders: Vec<String>,
}

// becomes

const _: () = ::flow::__private::has_a_category_of_its_own(
    <order::OrderEvent as ::flow::Event>::CATEGORY,
    &[<AccountEvent as ::flow::Event>::CATEGORY],
);
#[automatically_derived]
impl ::flow::Reads<AccountEvent> for Customer {}
#[automatically_derived]
impl ::flow::Reads<order::OrderEvent> for Customer {}
#[automatically_derived]
impl ::flow::Projection for Customer {
    const NAME: &'static ::core::primitive::str = "customers";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <AccountEvent as ::flow::Event>::CATEGORY,
        <order::OrderEvent as ::flow::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "What a customer has.";
    type Key = CustomerId;
    type Form = Self;
    fn initial() -> Self {
        <Self as ::core::default::Default>::default()
    }
    fn feed() -> ::flow::Feed<Self> {
        let _: fn(&order::OrderEvent) -> ::core::primitive::bool = |event| {
            ::core::matches!(event, order::OrderEvent::Placed { .. })
        };
        let _: fn(&order::OrderEvent) -> ::core::primitive::bool = |event| {
            ::core::matches!(event, order::OrderEvent::Cancelled { .. })
        };
        ::flow::Feed::new([
            <Self as ::flow::Project<
                AccountEvent,
            >>::source(::core::option::Option::None),
            <Self as ::flow::Project<
                order::OrderEvent,
            >>::source(::core::option::Option::Some(&["Placed", "Cancelled"])),
        ])
    }
}
#[automatically_derived]
impl ::flow::HasViews for Customer {}
