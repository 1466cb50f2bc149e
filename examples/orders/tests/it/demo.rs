//! The walkthrough.

use crate::service::orders;

#[test]
fn the_walkthrough_plays_and_checks_itself() {
    let output = orders().arg("demo").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{log}");
    assert_eq!(log, "");
    let mut rest = text.as_str();
    for line in [
        "cust-456 places order 123",
        "in order-123, which is at version 1",
        "order-detail-view of 123: placed, 2 items for Ann, 34.00",
        "customer-orders-list of cust-456: 123 is placed",
        "answered with the first receipt: order-123 at version 1",
        "order-123 holds order.placed\n",
        "refused: customer cust-666 cannot place orders",
        "in order-123, which is at version 2",
        "in order-123, which is at version 3",
        "order-detail-view of 123: paid",
        "conflict: stream order-123 is at version 3, expected version 2",
        "in order-123, which is at version 4",
        "the customer is told that order 123 is on its way: track-1",
        "refused: an order that is shipped cannot be cancelled",
        "order-123 holds order.placed, order.confirmed, order.paid, order.shipped\n",
        "stopped and started again",
        "customer-orders-list of cust-456: 125 placed, 123 shipped",
        "Everything was as it should be.",
    ] {
        let Some((_, after)) = rest.split_once(line) else {
            panic!("{line:?} is missing, or in the wrong place, in\n{text}");
        };
        rest = after;
    }
    let folder = text
        .lines()
        .next()
        .unwrap()
        .strip_prefix("Walkthrough on ")
        .unwrap();
    assert!(
        !std::path::Path::new(folder).exists(),
        "{folder} was left behind"
    );
}
