//! Plays the walkthrough on a fresh database, and checks every step.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use ironflow_domain::store::{ExpectedVersion, ReadStream};
use ironflow_domain::{ExecuteError, Rebuild, Receipt, StreamId, StreamVersion, ViewChange};
use ironflow_sqlite::Sqlite;
use tokio::time::timeout;

use crate::Orders;
use crate::commands::{CancelOrder, ConfirmOrder, PayOrder, PlaceOrder, ShipOrder};
use crate::domain::{Address, Cents, CustomerId, Item, OrderError, OrderId, Status};
use crate::projections::{CustomerOrders, OrderDetail};
use crate::reactors::ShipmentNotices;
use crate::shop::Notifications;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How long the views may take to show what was stored.
const SOON: Duration = Duration::from_secs(5);

/// Plays the walkthrough; fails at the first thing that is not as it should be.
pub async fn run() -> Outcome {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("orders.db");
    println!("Walkthrough on {}", database.display());

    let demo = Demo::start(Sqlite::open(&database).await?).await?;
    demo.an_order_is_placed().await?;
    demo.the_same_command_again_has_no_second_effect().await?;
    demo.a_blocked_customer_is_refused().await?;
    demo.the_order_is_confirmed_and_paid().await?;
    demo.a_stale_version_is_a_conflict().await?;
    demo.the_order_is_shipped().await?;
    demo.a_shipped_order_cannot_be_cancelled().await?;
    demo.the_customers_lists_are_rebuilt().await?;
    demo.orders.stop().await;
    drop(demo);

    let demo = Demo::start(Sqlite::open(&database).await?).await?;
    demo.everything_is_there_after_a_restart().await?;
    demo.orders.stop().await;
    println!("\nEverything was as it should be.");
    Ok(())
}

struct Demo {
    orders: Orders,
    notifications: Notifications,
    order: OrderId,
    customer: CustomerId,
}

impl Demo {
    async fn start(store: Sqlite) -> Outcome<Self> {
        let notifications = Notifications::default();
        let orders = crate::start_with(store, notifications.clone()).await?;
        Ok(Self {
            orders,
            notifications,
            order: "123".into(),
            customer: "cust-456".into(),
        })
    }

    fn place(&self) -> PlaceOrder {
        let item = |id: &str, qty| Item {
            product_id: id.into(),
            qty,
        };
        PlaceOrder {
            order_id: self.order.clone(),
            customer_id: self.customer.clone(),
            items: vec![item("prod-1", 2), item("prod-2", 1)],
            shipping_address: Address {
                street: "1 High Street".into(),
                city: "Bath".into(),
                zip: "BA1 1AA".into(),
                country: "GB".into(),
            },
        }
    }

    async fn an_order_is_placed(&self) -> Outcome {
        step("cust-456 places order 123: two coffees and a mug, command id cmd-1");
        let receipt = self
            .orders
            .execute(self.place())
            .command_id("cmd-1")
            .issued_by("cust-456")
            .await?;
        stored(&receipt);
        expect("the receipt's version", receipt.version.get(), 1)?;
        self.views_show(&receipt, Status::Placed).await
    }

    async fn the_same_command_again_has_no_second_effect(&self) -> Outcome {
        step("the client did not hear the answer, and sends cmd-1 again");
        let receipt = self
            .orders
            .execute(self.place())
            .command_id("cmd-1")
            .issued_by("cust-456")
            .await?;
        expect("it is recognised as a duplicate", receipt.duplicate, true)?;
        println!(
            "    answered with the first receipt: {} at version {}",
            receipt.stream, receipt.version
        );
        self.events_are(&["order.placed"]).await
    }

    async fn a_blocked_customer_is_refused(&self) -> Outcome {
        step("cust-666, who is blocked, places order 124");
        let command = PlaceOrder {
            order_id: "124".into(),
            customer_id: "cust-666".into(),
            ..self.place()
        };
        refused(
            self.orders.execute(command).await,
            &OrderError::CustomerBlocked("cust-666".into()),
        )
    }

    async fn the_order_is_confirmed_and_paid(&self) -> Outcome {
        step("the shop confirms it, and the customer pays");
        let order_id = self.order.clone();
        stored(
            &self
                .orders
                .execute(ConfirmOrder {
                    order_id: order_id.clone(),
                })
                .await?,
        );
        let receipt = self
            .orders
            .execute(PayOrder {
                order_id,
                payment_id: Some("pay-1".into()),
            })
            .await?;
        stored(&receipt);
        self.views_show(&receipt, Status::Paid).await
    }

    async fn a_stale_version_is_a_conflict(&self) -> Outcome {
        step("someone who saw the order at version 2 wants to cancel that");
        let command = CancelOrder {
            order_id: self.order.clone(),
            reason: Some("not confirmed in time".into()),
        };
        let seen = ExpectedVersion::Exact(StreamVersion::new(2));
        match self.orders.execute(command).expected_version(seen).await {
            Err(ExecuteError::Conflict { conflict, .. }) => {
                println!("    conflict: {conflict}");
                expect("the actual version", conflict.actual.get(), 3)
            }
            other => Err(format!("expected a conflict, got {other:?}").into()),
        }
    }

    async fn the_order_is_shipped(&self) -> Outcome {
        step("the shop ships it, while the customer looks at the page of the order");
        let mut page = self.orders.subscribe_view::<OrderDetail>(&self.order)?;
        let command = ShipOrder {
            order_id: self.order.clone(),
            tracking_number: Some("track-1".into()),
        };
        let receipt = self.orders.execute(command).await?;
        stored(&receipt);
        let change = timeout(SOON, page.next()).await?.transpose()?;
        let Some(ViewChange::View { view, .. }) = change else {
            return Err(format!("expected a new state of the page, got {change:?}").into());
        };
        println!("    the page changes by {}", view.last_event_name);
        expect("the page's status", view.state.status, Status::Shipped)?;
        self.views_show(&receipt, Status::Shipped).await?;
        self.the_customer_is_told(&receipt).await
    }

    async fn the_customer_is_told(&self, receipt: &Receipt) -> Outcome {
        self.orders
            .wait_for_reactor::<ShipmentNotices>(receipt, SOON)
            .await?;
        let notices = self.notifications.notices();
        for notice in &notices {
            let number = notice.tracking_number.as_deref().unwrap_or("none");
            println!(
                "    the customer is told that order {} is on its way: {number}",
                notice.order_id
            );
        }
        expect("the notices", notices.len(), 1)
    }

    async fn the_customers_lists_are_rebuilt(&self) -> Outcome {
        step("the customers' lists are filled again, and go on answering meanwhile");
        let rebuild = Rebuild::new("to show how").hold();
        let generation = self.orders.rebuild::<CustomerOrders>(rebuild).await?;
        self.orders
            .wait_for_rebuild::<CustomerOrders>(generation, SOON)
            .await?;
        let check = self.orders.check_rebuild::<CustomerOrders>().await?;
        println!(
            "    new lists: {} as before, {} others",
            check.same, check.different
        );
        expect("the lists that are others", check.keys, Vec::new())?;
        self.orders.release::<CustomerOrders>().await?;
        self.orders
            .wait_until_serving::<CustomerOrders>(generation, SOON)
            .await?;
        let list = self.orders.query::<CustomerOrders>(&self.customer).await?;
        let orders = list.map(|list| list.orders.len());
        expect("the orders on the customer's list", orders, Some(1))
    }

    async fn a_shipped_order_cannot_be_cancelled(&self) -> Outcome {
        step("the customer wants to cancel it");
        let command = CancelOrder {
            order_id: self.order.clone(),
            reason: None,
        };
        refused(
            self.orders.execute(command).await,
            &OrderError::CannotCancel(Status::Shipped),
        )?;
        self.events_are(&[
            "order.placed",
            "order.confirmed",
            "order.paid",
            "order.shipped",
        ])
        .await
    }

    async fn everything_is_there_after_a_restart(&self) -> Outcome {
        step("the service is stopped and started again");
        self.events_are(&[
            "order.placed",
            "order.confirmed",
            "order.paid",
            "order.shipped",
        ])
        .await?;
        let command = PlaceOrder {
            order_id: "125".into(),
            ..self.place()
        };
        let receipt = self.orders.execute(command).await?;
        stored(&receipt);
        self.orders
            .wait_for::<CustomerOrders>(&receipt, SOON)
            .await?;
        let list = self
            .orders
            .query::<CustomerOrders>(&self.customer)
            .await?
            .ok_or("the customer has no orders")?;
        let orders: Vec<_> = list
            .orders
            .iter()
            .map(|order| format!("{} {}", order.order_id, order.status))
            .collect();
        println!(
            "    customer-orders-list of {}: {}",
            self.customer,
            orders.join(", ")
        );
        expect(
            "the customer's orders",
            orders,
            vec!["125 placed".to_owned(), "123 shipped".to_owned()],
        )
    }

    async fn views_show(&self, receipt: &Receipt, status: Status) -> Outcome {
        self.orders.wait_for::<OrderDetail>(receipt, SOON).await?;
        self.orders
            .wait_for::<CustomerOrders>(receipt, SOON)
            .await?;

        let detail = self
            .orders
            .query::<OrderDetail>(&self.order)
            .await?
            .ok_or("the order has no page")?;
        println!(
            "    order-detail-view of {}: {}, {} items for {}, {}",
            self.order,
            detail.status,
            detail.items.len(),
            detail.customer.name,
            detail.total_amount
        );
        expect("the order's status", detail.status, status)?;
        expect("the order's total", detail.total_amount, Cents(3_400))?;
        expect(
            "the frozen name of the customer",
            detail.customer.name.as_str(),
            "Ann",
        )?;

        let list = self
            .orders
            .query::<CustomerOrders>(&self.customer)
            .await?
            .ok_or("the customer has no orders")?;
        let orders: Vec<_> = list
            .orders
            .iter()
            .map(|order| (order.order_id.clone(), order.status))
            .collect();
        for (order, status) in &orders {
            println!(
                "    customer-orders-list of {}: {order} is {status}",
                self.customer
            );
        }
        expect(
            "the customer's orders",
            orders,
            vec![(self.order.clone(), status)],
        )
    }

    async fn events_are(&self, expected: &[&str]) -> Outcome {
        let stream = StreamId::new("order", &self.order)?;
        let page = self
            .orders
            .store()
            .read_stream(&stream, ReadStream::forward(StreamVersion::new(1)))
            .await?;
        let names: Vec<_> = page
            .events
            .iter()
            .map(|event| event.name.to_owned())
            .collect();
        println!("    {stream} holds {}", names.join(", "));
        expect(
            "the events of the order",
            names,
            expected.iter().map(ToString::to_string).collect(),
        )
    }
}

fn step(what: &str) {
    println!("\n{what}");
}

fn stored(receipt: &Receipt) {
    for id in &receipt.event_ids {
        println!(
            "    stored event {id} in {}, which is at version {}",
            receipt.stream, receipt.version
        );
    }
}

fn refused(outcome: Result<Receipt, ExecuteError<OrderError>>, expected: &OrderError) -> Outcome {
    match outcome {
        Err(ExecuteError::Rejected(reason)) => {
            println!("    refused: {reason}");
            expect("the reason", &reason, expected)
        }
        Err(error) => Err(error.into()),
        Ok(receipt) => Err(format!("expected it to be refused, got {receipt:?}").into()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads as assert_eq! does")]
fn expect<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what} should be {expected:?}, and is {actual:?}").into())
    }
}
