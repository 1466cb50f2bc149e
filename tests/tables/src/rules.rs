//! What must hold on every database.

use ironflow_domain::{
    Ironflow, OperationError, ParkedEvent, Projection, ProjectionState, Rebuild,
};

use crate::Site;
use crate::domain::{
    OrderEvent, SOON, are_parked, follow, paid, place, placed, record, until, wait,
};
use crate::reports::{Income, OrderReport, Payments, go_on, stand_still, stands_still};

fn state(ironflow: &Ironflow) -> ProjectionState {
    ironflow.projection_statuses()[0].state.clone()
}

/// Waits until the tables are parked at an event of a stream, and nobody has said what to do.
async fn parked_at<P: Projection>(ironflow: &Ironflow, stream: &str) -> (String, ParkedEvent) {
    let parked = async || {
        let parked = ironflow.parked_views(P::NAME).await.unwrap().pop()?;
        let event = parked.event.filter(|event| event.stream == stream)?;
        (!parked.is_retried).then_some((parked.key, event))
    };
    until(&format!("it is parked at {stream}"), async || {
        parked().await.is_some()
    })
    .await;
    let failed = || matches!(state(ironflow), ProjectionState::Failed { .. });
    until("that is said", async || failed()).await;
    parked().await.unwrap()
}

async fn skip<P: Projection>(ironflow: &Ironflow, (key, event): (String, ParkedEvent)) {
    let skipped = ironflow.skip_event(P::NAME, &key, event.id, "a test");
    skipped.await.unwrap();
}

async fn goes_on<P: Projection>(ironflow: &Ironflow) {
    until("it goes on", async || {
        are_parked::<P>(ironflow).await == 0 && state(ironflow) == ProjectionState::Active
    })
    .await;
}

pub async fn rows_are_there_when_they_were_waited_for(site: &impl Site) {
    let ironflow = follow::<OrderReport>(site.open().await).await;
    assert_eq!(site.number("SELECT count(*) FROM order_report").await, 0);
    place(&ironflow, "1", 7).await;
    let last = record(&ironflow, "1", vec![paid(1), paid(2)]).await;
    wait::<OrderReport>(&ironflow, &last).await;
    let paid_so_far = "SELECT paid FROM order_report WHERE id = '1'";
    assert_eq!(site.number(paid_so_far).await, 10);
    let takings = "SELECT cents FROM takings WHERE customer = 'ann'";
    assert_eq!(site.number(takings).await, 10);

    // After a restart, it goes on.
    ironflow.stop().await;
    let ironflow = follow::<OrderReport>(site.open().await).await;
    let last = place(&ironflow, "2", 1).await;
    wait::<OrderReport>(&ironflow, &last).await;
    assert_eq!(site.number(takings).await, 11);
    let status = &ironflow.projection_statuses()[0];
    assert_eq!(status.generation, 1);
    let lag = ironflow.projection_lag("order-report").await.unwrap();
    assert_eq!(lag.events, 0);
}

pub async fn an_owner_that_was_thought_to_be_gone_writes_nothing(site: &impl Site) {
    let one = follow::<OrderReport>(site.open().await).await;
    let last = place(&one, "1", 1).await;
    wait::<OrderReport>(&one, &last).await;
    let other = follow::<OrderReport>(site.open().await).await;
    stand_still();
    record(&one, "2", vec![placed("stale", 5), paid(5)]).await;
    // The one stands still in the middle of it, and the other takes over.
    until("somebody stands still", async || stands_still()).await;
    let last = record(&one, "2", vec![paid(7)]).await;
    let takings = "SELECT coalesce(sum(cents), 0) FROM takings WHERE customer = 'stale'";
    until("the other takes over", async || {
        site.number(takings).await == 12
    })
    .await;
    go_on();
    for ironflow in [&one, &other] {
        wait::<OrderReport>(ironflow, &last).await;
    }
    let last = record(&other, "2", vec![paid(1)]).await;
    for ironflow in [&one, &other] {
        wait::<OrderReport>(ironflow, &last).await;
        assert_eq!(are_parked::<OrderReport>(ironflow).await, 0);
    }
    assert_eq!(site.number(takings).await, 13);
    let paid_so_far = "SELECT paid FROM order_report WHERE id = '2'";
    assert_eq!(site.number(paid_so_far).await, 13);
}

pub async fn a_statement_that_is_refused_parks_the_tables_until_it_is_skipped(site: &impl Site) {
    let ironflow = follow::<OrderReport>(site.open().await).await;
    let last = place(&ironflow, "1", 1).await;
    wait::<OrderReport>(&ironflow, &last).await;
    let nobody = OrderEvent::Placed {
        customer: None,
        cents: 3,
    };
    // In the middle of others, that are taken at the same time.
    ironflow.pause("order-report").await.unwrap();
    until("it is paused", async || {
        state(&ironflow) == ProjectionState::Paused
    })
    .await;
    for order in 2..10 {
        place(&ironflow, &order.to_string(), 1).await;
    }
    record(&ironflow, "bad", vec![nobody, paid(3)]).await;
    place(&ironflow, "10", 1).await;
    ironflow.resume("order-report").await.unwrap();
    let (key, event) = parked_at::<OrderReport>(&ironflow, "order-bad").await;
    for part in [
        "event order.placed",
        "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3) with $1 = 'bad', $2 = NULL, $3 = 3",
        // What the database says, and the name of the column.
        "order_report_1",
        "customer",
    ] {
        assert!(event.error.contains(part), "{part}: {}", event.error);
    }
    let takings = "SELECT sum(cents) FROM takings";
    assert_eq!(site.number(takings).await, 9, "all that was before it");

    // What was wrong is so still, and nothing is lost of what comes after it.
    ironflow.retry_view("order-report", &key).await.unwrap();
    until("it is tried again", async || {
        ironflow.parked_views("order-report").await.unwrap()[0].attempts == 4
    })
    .await;
    assert_eq!(site.number(takings).await, 9);
    place(&ironflow, "11", 1).await;
    let misread = record(
        &ironflow,
        "12",
        vec![placed("bob", 2), OrderEvent::Misread, paid(2)],
    )
    .await;
    skip::<OrderReport>(&ironflow, (key, event)).await;
    let (key, event) = parked_at::<OrderReport>(&ironflow, "order-12").await;
    let told = "leads to a statement that is wrong: `{orders}` is none of the projection's tables";
    assert!(event.error.contains(told), "{}", event.error);
    assert_eq!(event.name, "order.misread");
    skip::<OrderReport>(&ironflow, (key.clone(), event)).await;
    goes_on::<OrderReport>(&ironflow).await;
    wait::<OrderReport>(&ironflow, &misread).await;
    assert_eq!(site.number(takings).await, 13);
    assert_eq!(site.number("SELECT count(*) FROM order_report").await, 12);
    let refused = ironflow.rebuild_view("order-report", &key).await;
    assert!(
        matches!(refused, Err(OperationError::InTables { .. })),
        "{refused:?}"
    );
}

pub async fn a_constraint_that_is_deferred_parks_the_tables_at_its_event(site: &impl Site) {
    let ironflow = follow::<Payments>(site.open().await).await;
    ironflow.pause("payments").await.unwrap();
    until("it is paused", async || {
        state(&ironflow) == ProjectionState::Paused
    })
    .await;
    // It need not be so before the end.
    record(&ironflow, "1", vec![paid(1), placed("ann", 1)]).await;
    record(&ironflow, "never", vec![paid(2)]).await;
    place(&ironflow, "3", 4).await;
    ironflow.resume("payments").await.unwrap();
    let parked = parked_at::<Payments>(&ironflow, "order-never").await;
    let error = parked.1.error.to_lowercase();
    assert!(error.contains("foreign key constraint"), "{error}");
    let sum = "SELECT sum(cents) FROM payments";
    assert_eq!(site.number(sum).await, 1);
    // What comes before the next one does not wait for it.
    record(&ironflow, "nor", vec![paid(8), paid(8)]).await;
    let last = place(&ironflow, "4", 16).await;
    skip::<Payments>(&ironflow, parked).await;
    let parked = parked_at::<Payments>(&ironflow, "order-nor").await;
    assert_eq!(site.number(sum).await, 5);
    // It is the first one that breaks it, and then the other.
    assert_eq!(parked.1.version.get(), 1);
    skip::<Payments>(&ironflow, parked).await;
    let parked = parked_at::<Payments>(&ironflow, "order-nor").await;
    assert_eq!(parked.1.version.get(), 2);
    skip::<Payments>(&ironflow, parked).await;
    goes_on::<Payments>(&ironflow).await;
    wait::<Payments>(&ironflow, &last).await;
    assert_eq!(site.number(sum).await, 21);
}

pub async fn an_append_whose_first_event_breaks_a_deferred_constraint_parks_the_tables(
    site: &impl Site,
) {
    let ironflow = follow::<Payments>(site.open().await).await;
    let last = place(&ironflow, "1", 1).await;
    wait::<Payments>(&ironflow, &last).await;
    // Nothing is parked, so that it is met by whoever follows, and not by whoever fills tables again.
    let events = vec![OrderEvent::Misread, paid(2), paid(4), paid(8)];
    record(&ironflow, "never", events).await;
    let last = place(&ironflow, "2", 16).await;
    let sum = "SELECT sum(cents) FROM payments";
    // What is before the last one breaks it as well: each is the first in its turn.
    for version in 2..=4 {
        let parked = parked_at::<Payments>(&ironflow, "order-never").await;
        assert_eq!(parked.1.version.get(), version);
        assert_eq!(site.number(sum).await, 1);
        skip::<Payments>(&ironflow, parked).await;
    }
    goes_on::<Payments>(&ironflow).await;
    wait::<Payments>(&ironflow, &last).await;
    assert_eq!(site.number(sum).await, 17);
}

pub async fn events_that_are_not_read_lead_to_no_statement(site: &impl Site) {
    let ironflow = follow::<Income>(site.open().await).await;
    place(&ironflow, "1", 3).await;
    let last = record(&ironflow, "2", vec![placed("bob", 1), OrderEvent::Misread]).await;
    wait::<Income>(&ironflow, &last).await;
    let last = record(&ironflow, "2", vec![paid(4), OrderEvent::Misread]).await;
    wait::<Income>(&ironflow, &last).await;
    assert_eq!(site.number("SELECT count(*) FROM income").await, 2);
    assert_eq!(site.number("SELECT sum(cents) FROM income").await, 7);
}

pub async fn a_projection_that_is_deleted_leaves_no_table(site: &impl Site) {
    let store = site.open().await;
    let ironflow = follow::<OrderReport>(store.clone()).await;
    let last = place(&ironflow, "1", 1).await;
    wait::<OrderReport>(&ironflow, &last).await;
    let rebuild = Rebuild::new("a test");
    let generation = ironflow.rebuild::<OrderReport>(rebuild).await.unwrap();
    let waited = ironflow.wait_for_rebuild::<OrderReport>(generation, SOON);
    waited.await.unwrap();
    let names = ["order_report", "takings"];
    for name in names.iter().flat_map(|name| {
        let of_generation = |number: u32| format!("{name}_{number}");
        [(*name).to_owned(), of_generation(1), of_generation(2)]
    }) {
        site.number(&format!("SELECT count(*) FROM {name}")).await;
    }
    ironflow.delete_projection("order-report").await.unwrap();
    ironflow.stop().await;
    // Whoever makes them finds none of that name, and begins at the start.
    let ironflow = follow::<OrderReport>(store).await;
    let last = place(&ironflow, "more", 1).await;
    wait::<OrderReport>(&ironflow, &last).await;
    assert_eq!(site.number("SELECT count(*) FROM order_report").await, 2);
    assert_eq!(ironflow.projection_statuses()[0].generation, 1);
}
