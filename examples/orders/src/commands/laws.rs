//! What holds whatever is asked of an order, and in whichever sequence.

use ironflow_testing::laws::made_up;
use proptest::prelude::*;

use crate::commands::stories::{placing, shop};
use crate::commands::{
    CancelOrder, ConfirmOrder, PayOrder, PlaceOrder, PlaceOrderContext, ShipOrder,
};
use crate::domain::{Order, OrderEvent, Status};
use crate::shop::Customer;

ironflow_testing::laws!(Order {
    PlaceOrder: drawn_from(orders()) and in_context(shops()),
    ConfirmOrder: idempotent,
    PayOrder: idempotent,
    ShipOrder: idempotent,
    CancelOrder: idempotent,
    invariant("what has happened to an order begins with its placement", |order, history| {
        order.exists() == matches!(history.first(), Some(OrderEvent::Placed(_)))
    }),
    invariant("an order that was shipped was paid", |order, history| {
        let was_paid = history.iter().any(|event| matches!(event, OrderEvent::Paid { .. }));
        order.status() != Ok(Status::Shipped) || was_paid
    }),
    invariant("an order costs what its items cost", |_, history| {
        history.iter().all(|event| match event {
            OrderEvent::Placed(order) => {
                let costs = order.items.iter().map(|item| item.price.0 * u64::from(item.qty));
                costs.sum::<u64>() == order.total_amount.0
            }
            _ => true,
        })
    }),
    snapshots,
});

/// Orders of things that we have, and of things that we have not.
fn orders() -> impl Strategy<Value = PlaceOrder> {
    let product = prop_oneof![Just("prod-1"), Just("prod-2"), Just("prod-9")];
    let items = prop::collection::vec((product, made_up::<u32>()), 0..4);
    items.prop_map(|items| placing(&items))
}

/// Shops that know the customer, or not, and have everything, or not, at any price.
fn shops() -> impl Strategy<Value = PlaceOrderContext> {
    made_up::<(bool, bool, bool, u64)>().prop_map(|(unknown, is_blocked, sold_out, price)| {
        let mut shop = shop();
        shop.products[0].is_available = !sold_out;
        shop.products[1].price.0 = price;
        shop.customer = shop.customer.filter(|_| !unknown);
        shop.customer = shop.customer.map(|ann| Customer { is_blocked, ..ann });
        shop
    })
}
