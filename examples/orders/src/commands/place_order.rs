//! A customer submits an order.

use std::collections::BTreeSet;

use ironflow_domain::{
    BoxError, CommandMetadata, DecideWith, Decision, Enrich, Timestamp, command, events,
};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, Cents, Contact, CustomerId, Item, LineItem, Order, OrderError, OrderEvent, OrderId,
    OrderPlaced,
};
use crate::shop::{Customer, Product, Shop};

/// A customer submits an order.
#[command(Order, context = PlaceOrderContext, creates)]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// Which order; the client chooses.
    #[id]
    pub order_id: OrderId,
    /// Who.
    pub customer_id: CustomerId,
    /// What.
    pub items: Vec<Item>,
    /// Where to.
    pub shipping_address: Address,
}

/// What the decision needs to know of the world.
#[derive(Debug, Clone)]
pub struct PlaceOrderContext {
    /// The customer, if there is one.
    pub customer: Option<Customer>,
    /// Those of the products that there are.
    pub products: Vec<Product>,
    /// When the order was submitted.
    pub issued_at: Timestamp,
}

impl Enrich<PlaceOrder> for Shop {
    async fn enrich(
        &self,
        command: &PlaceOrder,
        issued: &CommandMetadata,
    ) -> Result<PlaceOrderContext, BoxError> {
        let products: BTreeSet<_> = command.items.iter().map(|item| &item.product_id).collect();
        Ok(PlaceOrderContext {
            customer: self.customers.find(&command.customer_id).await?,
            products: self.catalogue.find_all(products.into_iter()).await?,
            issued_at: issued.issued_at,
        })
    }
}

impl DecideWith<PlaceOrder> for Order {
    fn decide(&self, command: PlaceOrder, context: &PlaceOrderContext) -> Decision<Self> {
        if self.exists() {
            return Err(OrderError::AlreadyPlaced);
        }
        let Some(customer) = &context.customer else {
            return Err(OrderError::UnknownCustomer(command.customer_id));
        };
        if customer.is_blocked {
            return Err(OrderError::CustomerBlocked(command.customer_id));
        }
        let items = freeze(command.items, &context.products)?;
        Ok(events![OrderEvent::Placed(OrderPlaced {
            order_id: command.order_id,
            customer: Contact {
                id: customer.id.clone(),
                name: customer.name.clone(),
                email: customer.email.clone()
            },
            total_amount: total(&items).ok_or(OrderError::TooLarge)?,
            items,
            shipping_address: command.shipping_address,
            occurred_at: context.issued_at,
        })])
    }
}

/// The items with names and prices as they are now.
fn freeze(items: Vec<Item>, products: &[Product]) -> Result<Vec<LineItem>, OrderError> {
    if items.is_empty() {
        return Err(OrderError::NoItems);
    }
    let freeze = |Item { product_id, qty }: Item| {
        let Some(product) = products.iter().find(|product| product.id == product_id) else {
            return Err(OrderError::UnknownProduct(product_id));
        };
        if !product.is_available {
            return Err(OrderError::ProductUnavailable(product_id));
        }
        if qty == 0 {
            return Err(OrderError::NoQuantity(product_id));
        }
        Ok(LineItem {
            product_id,
            name: product.name.clone(),
            price: product.price,
            qty,
        })
    };
    items.into_iter().map(freeze).collect()
}

fn total(items: &[LineItem]) -> Option<Cents> {
    let sum = items.iter().try_fold(0_u64, |sum, item| {
        sum.checked_add(item.price.0.checked_mul(item.qty.into())?)
    });
    sum.map(Cents)
}

#[cfg(test)]
mod tests {
    use ironflow_testing::given;

    use super::*;
    use crate::commands::stories::{cancelled, order, placed, placing, shop};

    #[test]
    fn names_and_prices_are_frozen_into_the_event() {
        let line = |id: &str, name: &str, price, qty| LineItem {
            product_id: id.into(),
            name: name.into(),
            price: Cents(price),
            qty,
        };
        given::<Order>(events![])
            .context(shop())
            .when(placing(&[("prod-1", 2), ("prod-2", 1)]))
            .then(events![OrderEvent::Placed(OrderPlaced {
                order_id: order(),
                customer: Contact {
                    id: "cust-456".into(),
                    name: "Ann".into(),
                    email: "ann@example.com".into()
                },
                items: vec![
                    line("prod-1", "Coffee", 1_250, 2),
                    line("prod-2", "Mug", 900, 1)
                ],
                shipping_address: placing(&[]).shipping_address,
                total_amount: Cents(3_400),
                occurred_at: shop().issued_at,
            })]);
    }

    #[test]
    fn an_order_is_placed_once() {
        given::<Order>(events![placed()])
            .context(shop())
            .when(placing(&[("prod-1", 1)]))
            .then_error(OrderError::AlreadyPlaced);
        given::<Order>(events![placed(), cancelled()])
            .context(shop())
            .when(placing(&[("prod-1", 1)]))
            .then_error(OrderError::AlreadyPlaced);
    }

    #[test]
    fn a_customer_we_do_not_know_cannot_order() {
        given::<Order>(events![])
            .context(PlaceOrderContext {
                customer: None,
                ..shop()
            })
            .when(placing(&[("prod-1", 1)]))
            .then_error(OrderError::UnknownCustomer("cust-456".into()));
    }

    #[test]
    fn a_blocked_customer_cannot_order() {
        let mut context = shop();
        context
            .customer
            .as_mut()
            .expect("the sample shop has a customer")
            .is_blocked = true;
        given::<Order>(events![])
            .context(context)
            .when(placing(&[("prod-1", 1)]))
            .then_error(OrderError::CustomerBlocked("cust-456".into()));
    }

    #[test]
    fn an_order_has_items() {
        given::<Order>(events![])
            .context(shop())
            .when(placing(&[]))
            .then_error(OrderError::NoItems);
    }

    #[test]
    fn an_item_has_a_quantity() {
        given::<Order>(events![])
            .context(shop())
            .when(placing(&[("prod-1", 1), ("prod-2", 0)]))
            .then_error(OrderError::NoQuantity("prod-2".into()));
    }

    #[test]
    fn a_product_nobody_knows_cannot_be_ordered() {
        given::<Order>(events![])
            .context(shop())
            .when(placing(&[("prod-9", 1)]))
            .then_error(OrderError::UnknownProduct("prod-9".into()));
    }

    #[test]
    fn a_product_we_are_out_of_cannot_be_ordered() {
        let mut context = shop();
        context.products[1].is_available = false;
        given::<Order>(events![])
            .context(context)
            .when(placing(&[("prod-1", 1), ("prod-2", 1)]))
            .then_error(OrderError::ProductUnavailable("prod-2".into()));
    }

    #[test]
    fn a_total_that_cannot_be_counted_is_refused() {
        let mut context = shop();
        context.products[0].price = Cents(u64::MAX);
        given::<Order>(events![])
            .context(context)
            .when(placing(&[("prod-1", 2)]))
            .then_error(OrderError::TooLarge);
    }
}
