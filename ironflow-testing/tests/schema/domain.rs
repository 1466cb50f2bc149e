//! One domain as it was, and as it might be after a change.

/// An aggregate `Order` of its own, folded by counting, whose events are declared in the braces.
macro_rules! domain {
    ($name:ident { $($events:tt)* } $($types:item)*) => {
        pub(crate) mod $name {
            #![allow(dead_code, reason = "fields are stored and read, not used")]

            use ironflow_domain::{Aggregate, Fold, event};
            use schemars::JsonSchema;
            #[allow(unused_imports, reason = "not every domain needs all")]
            use serde::{Deserialize, Serialize};

            $($types)*

            $($events)*

            #[derive(Aggregate, Default)]
            #[aggregate(event = OrderEvent, error = std::fmt::Error)]
            pub(crate) struct Order(u32);

            impl Fold for Order {
                fn fold(&mut self, _: &OrderEvent) {
                    self.0 += 1;
                }
            }
        }
    };
}

domain!(plain {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { carrier: String },
        Cancelled,
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct OrderPlaced { id: u64, note: Option<String>, items: Vec<Item> }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Item { sku: String, quantity: u32 }
);

domain!(described {
    /// Everything is documented now.
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        /// Somebody ordered.
        Placed(OrderPlacedByNow),
        Shipped { /** Who brings it. */ carrier: String },
        /// Nobody wants it any more.
        Cancelled,
    }
}
    /// The payload has another name in the program.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct OrderPlacedByNow { items: Vec<Line>, id: u64, note: Option<String> }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Line { quantity: u32, sku: String }
);

domain!(with_default {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { carrier: String, #[serde(default)] express: bool },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(with_a_required_field {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { carrier: String, weight: u32 },
        Cancelled,
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct OrderPlaced { id: String, items: Vec<Item> }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Item { sku: String, quantity: u64 }
);

domain!(upcast {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(version = 2, upcast(ShippedV1))]
        Shipped { carrier: String, weight: u32 },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;

    #[derive(Deserialize)]
    pub(crate) struct ShippedV1 { carrier: String }

    impl From<ShippedV1> for OrderEvent {
        fn from(old: ShippedV1) -> Self {
            Self::Shipped { carrier: old.carrier, weight: 0 }
        }
    }
);

domain!(upcast_that_refuses {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(version = 2, upcast(ShippedV1))]
        Shipped { carrier: String, weight: u32 },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
    use ironflow_domain::{EventRef, Upcast, UpcastResult};

    #[derive(Deserialize)]
    pub(crate) struct ShippedV1 { carrier: String }

    impl Upcast<ShippedV1> for OrderEvent {
        fn upcast(old: ShippedV1, _: &EventRef<'_>) -> UpcastResult<Self> {
            Err(format!("nobody knows what {} weighs", old.carrier).into())
        }
    }
);

domain!(upcast_to_what_is_not_read {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(version = 2, upcast(ShippedV1))]
        Shipped { carrier: String, weight: Weight },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(try_from = "u32")]
    #[schemars(example = 1)]
    pub(crate) struct Weight(u32);

    impl TryFrom<u32> for Weight {
        type Error = &'static str;

        fn try_from(weight: u32) -> Result<Self, Self::Error> {
            if weight == 0 { Err("nothing weighs nothing") } else { Ok(Self(weight)) }
        }
    }

    #[derive(Deserialize)]
    pub(crate) struct ShippedV1 { carrier: String }

    impl From<ShippedV1> for OrderEvent {
        fn from(old: ShippedV1) -> Self {
            Self::Shipped { carrier: old.carrier, weight: Weight(0) }
        }
    }
);

domain!(retired_version {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(version = 2, upcast(_))]
        Shipped { carrier: String, weight: u32 },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(renamed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(also_named("order.shipped"))]
        Sent { carrier: String },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(renamed_in_the_program {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Sent { carrier: String },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(renamed_in_the_program_and_stored_as_before {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(name = "order.shipped")]
        Sent { carrier: String },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(of_the_same_category {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Printed { copies: u32 },
    }
}
);

domain!(renamed_and_changed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(also_named("order.shipped"))]
        Sent { carriers: Vec<String> },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(removed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(dropped {
    #[event("order", dropped("order.shipped"))]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(retired {
    #[event("order", retired("order.shipped"))]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(split_and_merged {
    #[event(
        "order",
        split("order.placed", OrderPlaced),
        merged(("order.shipped", Shipped), ("order.cancelled", Cancelled))
    )]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Opened { id: u64 },
        ItemAdded { sku: String },
        Returned { carrier: String },
    }
}
    use ironflow_domain::Events;

    #[derive(Deserialize)]
    pub(crate) struct OrderPlaced { id: u64, items: Vec<Item> }

    #[derive(Deserialize)]
    pub(crate) struct Item { sku: String }

    #[derive(Deserialize)]
    pub(crate) struct Shipped { carrier: String }

    #[derive(Deserialize)]
    pub(crate) struct Cancelled {}

    impl From<OrderPlaced> for Events<OrderEvent> {
        fn from(OrderPlaced { id, items }: OrderPlaced) -> Self {
            let items = items.into_iter().map(|Item { sku }| OrderEvent::ItemAdded { sku });
            std::iter::once(OrderEvent::Opened { id }).chain(items).collect()
        }
    }

    impl From<(Shipped, Cancelled)> for OrderEvent {
        fn from((Shipped { carrier }, Cancelled {}): (Shipped, Cancelled)) -> Self {
            Self::Returned { carrier }
        }
    }
);

domain!(merged_with_an_older_part {
    #[event("order", merged(("order.placed", OrderPlaced), ("order.shipped", ShippedV1, ShippedV2)))]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Sent { id: u64, carrier: String },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;

    #[derive(Deserialize)]
    pub(crate) struct ShippedV1 { by: String }

    #[derive(Deserialize)]
    pub(crate) struct ShippedV2 { carrier: String }

    impl From<ShippedV1> for ShippedV2 {
        fn from(old: ShippedV1) -> Self {
            Self { carrier: old.by }
        }
    }

    impl From<(OrderPlaced, ShippedV2)> for OrderEvent {
        fn from((_, shipped): (OrderPlaced, ShippedV2)) -> Self {
            Self::Sent { id: 7, carrier: shipped.carrier }
        }
    }
);

domain!(validated {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed { id: OrderId },
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(try_from = "String")]
    pub(crate) struct OrderId(String);

    impl TryFrom<String> for OrderId {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.starts_with("o-") { Ok(Self(text)) } else { Err("it does not begin with o-") }
        }
    }
);

domain!(validated_with_an_example {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed { #[schemars(example = "o-1")] id: OrderId },
    }
}
    pub(crate) use super::validated::OrderId;
);

domain!(with_a_case_more {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { carrier: String },
        Cancelled,
        Paid { way: Way },
    }
}
    pub(crate) use super::plain::OrderPlaced;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Way { Cash, Card { number: String }, Voucher }
);

domain!(with_a_case_less {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { carrier: String },
        Cancelled,
        Paid { way: Way },
    }
}
    pub(crate) use super::plain::OrderPlaced;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Way { Cash, Card { number: String } }
);

domain!(aliased {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        Shipped { #[serde(alias = "carrier")] with: String },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
);

domain!(by_metadata {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed(OrderPlaced),
        #[event(version = 2, upcast(ShippedV1))]
        Shipped { carrier: String, by: String, at: Timestamp },
        Cancelled,
    }
}
    pub(crate) use super::plain::OrderPlaced;
    use ironflow_domain::{EventRef, Timestamp, Upcast, UpcastResult};

    #[derive(Deserialize)]
    pub(crate) struct ShippedV1 { carrier: String }

    impl Upcast<ShippedV1> for OrderEvent {
        fn upcast(old: ShippedV1, event: &EventRef<'_>) -> UpcastResult<Self> {
            let metadata = event.read_metadata()?;
            let by = metadata.issued_by.ok_or("nobody issued it")?;
            let at = metadata.issued_at.ok_or("it was issued at no time")?;
            Ok(Self::Shipped { carrier: old.carrier, by, at })
        }
    }
);

domain!(hard_to_write_down {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Paid(Paid),
        #[serde(rename_all = "camelCase")]
        Marked { r#type: String, marked_by: String },
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "way")]
    pub(crate) enum Paid { Card { number: String }, Cash }
);

domain!(hard_to_write_down_and_changed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Paid(Paid),
        #[serde(rename_all = "camelCase")]
        Marked { r#type: u8, marked_by: String, marked_on: u64 },
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "way")]
    pub(crate) enum Paid { Card { number: u64 }, Cash }
);

domain!(flattened {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Paid(Paid),
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Paid { id: u64, note: String, #[serde(flatten)] way: Way }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "way")]
    pub(crate) enum Way { Cash, Card { number: String } }
);

domain!(flattened_and_changed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Paid(Paid),
    }
}
    pub(crate) use super::flattened::Way;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Paid { id: u8, #[serde(flatten)] way: Way }
);

domain!(keyed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        OfLetters { counts: HashMap<char, u32> },
        Numbered { counts: HashMap<i64, u32> },
        Identified { counts: HashMap<EventId, u32> },
        Flagged { counts: HashMap<bool, u32> },
    }
}
    use std::collections::HashMap;

    use ironflow_domain::EventId;
);

domain!(called_otherwise_in_its_schema {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        #[schemars(rename = "sent", title = "It is on its way")]
        Shipped { carrier: String },
        #[schemars(skip)]
        Weighed { grams: u32 },
    }
}
);

domain!(without_fields {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Opened,
        Closed,
    }
}
);

domain!(without_fields_and_one_with {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Opened,
        Closed,
        Noted { text: String },
    }
}
);

/// An aggregate whose fold relies on what its decisions promise.
pub(crate) mod relying_on_decisions {
    use ironflow_domain::{Aggregate, Fold, event};
    use schemars::JsonSchema;

    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Deposited { cents: u64 },
        Withdrawn { cents: u64 },
    }

    #[derive(Aggregate, Default)]
    #[aggregate(event = OrderEvent, error = std::fmt::Error)]
    pub(crate) struct Order(u64);

    impl Fold for Order {
        fn fold(&mut self, event: &OrderEvent) {
            self.0 = match event {
                OrderEvent::Deposited { cents } => self.0 + cents,
                OrderEvent::Withdrawn { cents } => self
                    .0
                    .checked_sub(*cents)
                    .expect("nobody withdraws what is not there"),
            }
        }
    }
}

/// An aggregate whose fold refuses what has happened.
pub(crate) mod folding_refuses {
    use ironflow_domain::{Aggregate, Fold};

    use super::plain::OrderEvent;

    #[derive(Aggregate, Default)]
    #[aggregate(event = OrderEvent, error = std::fmt::Error)]
    pub(crate) struct Order(Option<u64>);

    impl Fold for Order {
        fn fold(&mut self, event: &OrderEvent) {
            if let OrderEvent::Cancelled = event {
                self.0.expect("what is cancelled was placed");
            }
        }
    }
}
