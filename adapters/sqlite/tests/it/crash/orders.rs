//! What a client wants.

use std::ops::Range;

use ironflow_domain::CommandId;
use serde::{Deserialize, Serialize};

/// One command, and whether something has to be done before it, which is claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) amounts: Vec<i64>,
    pub(super) is_claimed: bool,
}

impl Order {
    fn new(id: &str, account: &str, amounts: &[i64]) -> Self {
        Self {
            id: id.to_owned(),
            account: account.to_owned(),
            amounts: amounts.to_vec(),
            is_claimed: false,
        }
    }

    fn claimed(self) -> Self {
        Self {
            is_claimed: true,
            ..self
        }
    }

    pub(super) fn command_id(&self) -> CommandId {
        CommandId::try_from(&*self.id).unwrap()
    }
}

/// One of each kind, one after the other.
pub(super) fn one_of_each() -> Vec<Order> {
    vec![
        Order::new("opened", "hot", &[100]),
        Order::new("of several events", "hot", &[1, 2, -3]),
        Order::new("refused", "hot", &[5, -1_000]),
        Order::new("nothing", "hot", &[]),
        Order::new("charged", "hot", &[-7, 2]).claimed(),
        Order::new("elsewhere", "other", &[10, 20, 30, 40]),
        Order::new("opened", "hot", &[100]),
        Order::new("charged and refused", "other", &[-1_000]).claimed(),
        Order::new("charged", "hot", &[-7, 2]).claimed(),
        Order::new("spent", "hot", &[-95]),
    ]
}

/// So many, most of them on one account; some are repeated, some cannot be.
pub(super) fn some(random: &mut fastrand::Rng, count: usize, amounts: Range<i64>) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for number in 0..count {
        if !orders.is_empty() && random.u8(..5) == 0 {
            let repeated = orders[random.usize(..orders.len())].clone();
            orders.push(repeated);
            continue;
        }
        let account = if random.u8(..4) > 0 { "hot" } else { "other" };
        let events = random.usize(..4);
        let amounts: Vec<_> = (0..events).map(|_| random.i64(amounts.clone())).collect();
        let order = Order::new(&format!("order {number}"), account, &amounts);
        orders.push(if random.u8(..4) == 0 {
            order.claimed()
        } else {
            order
        });
    }
    orders
}

/// So many on one account.
pub(super) fn deposits(count: usize) -> Vec<Order> {
    let order = |number| Order::new(&format!("deposit {number}"), "hot", &[1]);
    (0..count).map(order).collect()
}
