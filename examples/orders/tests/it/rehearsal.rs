//! A rebuild, rehearsed on a copy before it is done where customers are.

#![allow(clippy::print_stdout, reason = "numbers, for whoever rehearses")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use ironflow_domain::Rebuild;
use ironflow_sqlite::Sqlite;
use orders::commands::{CancelOrder, PlaceOrder};
use orders::domain::{Address, CustomerId, Item};
use orders::projections::CustomerOrders;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const SOON: Duration = Duration::from_secs(20);

/// A day at the shop: a customer places twenty orders, and cancels the last of them.
async fn a_day_at_the_shop(database: &Path) -> Outcome {
    let store = Sqlite::open(database).await?;
    let shop = orders::start(store.clone()).await?;
    for number in 0..20 {
        shop.execute(PlaceOrder {
            order_id: number.to_string().as_str().into(),
            customer_id: "cust-456".into(),
            items: vec![Item {
                product_id: "prod-1".into(),
                qty: 1,
            }],
            shipping_address: Address {
                street: "1 High Street".into(),
                city: "Bath".into(),
                zip: "BA1 1AA".into(),
                country: "GB".into(),
            },
        })
        .await?;
    }
    let cancelled = shop
        .execute(CancelOrder {
            order_id: "19".into(),
            reason: None,
        })
        .await?;
    shop.wait_for::<CustomerOrders>(&cancelled, SOON).await?;
    shop.stop().await;
    store.close().await;
    Ok(())
}

// ANCHOR: rehearsal
/// What a rebuild would change, and how long it takes: on a copy of the database, with the program that
/// is to be deployed.
async fn rehearse(copy: &Path) -> Outcome<Vec<String>> {
    let shop = orders::start(Sqlite::open(copy).await?).await?;

    // Beside the views that serve, which go on doing so.
    let rebuild = Rebuild::new("rehearsal").hold();
    let generation = shop.rebuild::<CustomerOrders>(rebuild).await?;
    shop.wait_for_rebuild::<CustomerOrders>(generation, SOON)
        .await?;
    let statuses = shop.projection_statuses();
    let progress = statuses.iter().find_map(|status| status.rebuild.as_ref());
    println!("{progress:?}");

    // Which views are not as they were? Look at some of them.
    let check = shop.check_rebuild::<CustomerOrders>().await?;
    println!("{} are the same, {} are not", check.same, check.different);

    // Then let them serve, and go back: the way that is there if something was overlooked.
    shop.release::<CustomerOrders>().await?;
    shop.wait_until_serving::<CustomerOrders>(generation, SOON)
        .await?;
    let before = shop.undo_rebuild::<CustomerOrders>().await?;
    shop.wait_until_serving::<CustomerOrders>(before, SOON)
        .await?;
    shop.stop().await;
    Ok(check.keys)
}
// ANCHOR_END: rehearsal

#[tokio::test]
async fn a_rebuild_changes_nothing_where_the_fold_has_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("orders.db");
    a_day_at_the_shop(&database).await.unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(&database, &copy).unwrap();
    let changed = rehearse(&copy).await.unwrap();
    assert_eq!(changed, Vec::<String>::new());

    // The original knows nothing of it.
    let shop = orders::start(Sqlite::open(&database).await.unwrap()).await;
    let shop = shop.unwrap();
    assert_eq!(
        shop.rebuilds("customer-orders-list").await.unwrap().len(),
        1
    );
    let customer: CustomerId = "cust-456".into();
    let list = shop.query::<CustomerOrders>(&customer).await.unwrap();
    assert_eq!(list.unwrap().orders.len(), 20);
}

#[tokio::test]
async fn a_rebuild_names_the_views_that_were_wrong() {
    use ironflow_domain::store::{Key, KeyValueStore, Write};

    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("orders.db");
    a_day_at_the_shop(&database).await.unwrap();
    // As a fold with a bug would have left it.
    let store = Sqlite::open(&database).await.unwrap();
    let key = Key::new("projection/customer-orders-list/1", "cust-456");
    let entry = store.get(&key).await.unwrap().unwrap();
    let mut view: serde_json::Value = serde_json::from_slice(&entry.value).unwrap();
    view["state"]["orders"][0]["status"] = "placed".into();
    let wrong = Write::put(key, view.to_string());
    store.write(vec![wrong]).await.unwrap();
    store.close().await;
    assert_eq!(rehearse(&database).await.unwrap(), ["cust-456"]);
}
