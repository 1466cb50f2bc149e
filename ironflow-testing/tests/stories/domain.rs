//! A domain for stories on stores.

use ironflow_domain::{Aggregate, Decide, DecideWith, Decision, Fold, command, event, events};

#[event("tab")]
pub(crate) enum TabEvent {
    Opened {
        guest: String,
    },
    #[event(version = 2, upcast(OrderedV1))]
    Ordered(Ordered),
    Paid {
        cents: u64,
    },
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Ordered {
    pub(crate) cents: u64,
    pub(crate) drinks: u32,
}

#[derive(serde::Deserialize)]
pub(crate) struct OrderedV1 {
    cents: u64,
}

impl From<OrderedV1> for Ordered {
    fn from(OrderedV1 { cents }: OrderedV1) -> Self {
        Self { cents, drinks: 1 }
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("nothing is to be paid")]
    NothingToPay,
    #[error("the tab is open")]
    AlreadyOpen,
}

#[derive(Aggregate, Default)]
#[aggregate(event = TabEvent, error = Refused)]
pub(crate) struct Tab {
    open: bool,
    cents: u64,
}

impl Fold for Tab {
    fn fold(&mut self, event: &TabEvent) {
        match event {
            TabEvent::Opened { .. } => self.open = true,
            TabEvent::Ordered(Ordered { cents, .. }) => self.cents += cents,
            TabEvent::Paid { cents } => self.cents -= cents,
        }
    }
}

#[command(Tab, creates)]
pub(crate) struct Open {
    #[id]
    pub(crate) tab: u32,
    pub(crate) guest: String,
}

impl Decide<Open> for Tab {
    fn decide(&self, Open { guest, .. }: Open) -> Decision<Self> {
        if self.open {
            return Err(Refused::AlreadyOpen);
        }
        Ok(events![TabEvent::Opened { guest }])
    }
}

#[command(Tab, context = Prices)]
pub(crate) struct Order {
    pub(crate) drinks: u32,
}

pub(crate) struct Prices {
    pub(crate) drink: u64,
}

impl DecideWith<Order> for Tab {
    fn decide(&self, Order { drinks }: Order, prices: &Prices) -> Decision<Self> {
        let ordered = |_| {
            TabEvent::Ordered(Ordered {
                cents: prices.drink,
                drinks: 1,
            })
        };
        Ok((0..drinks).map(ordered).collect())
    }
}

#[command(Tab)]
pub(crate) struct Pay;

impl Decide<Pay> for Tab {
    fn decide(&self, Pay: Pay) -> Decision<Self> {
        match self.cents {
            0 => Err(Refused::NothingToPay),
            cents => Ok(events![TabEvent::Paid { cents }]),
        }
    }
}
