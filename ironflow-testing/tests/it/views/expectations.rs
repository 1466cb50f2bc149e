//! Views that are not as was expected.

use ironflow_domain::events;
use ironflow_testing::{Views, views_of};

use super::shop::*;
use crate::failure::fails;

/// Ann has two orders, Bob has one.
fn two_customers() -> Views<CustomerOrders> {
    views_of()
        .given("1", events![placed("ann"), OrderEvent::Shipped])
        .given("2", events![placed("bob")])
        .given("3", events![placed("ann")])
}

fn of_ann() -> CustomerOrders {
    orders([shipped("1", "2026-01-01T00:00:00Z"), line("3")])
}

#[test]
fn a_view_differs_one_is_missing_and_one_is_not_expected() {
    fails(
        || {
            two_customers().then([
                ("ann", orders([line("1"), line("4"), line("3")])),
                ("eve", orders([line("2")])),
            ])
        },
        r#"
            not the views that were expected: 1 with other content, 1 missing, 1 not expected
              --> HERE+2

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then       expected → produced
                      ~  ann  CustomerOrders {
                                  orders: [
                                      Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) },
                                      Line { order: "3", shipped: None },
                                  ],
                              }
                                orders[0].shipped  null → "2026-01-01T00:00:00Z"
                                orders[1].order    "4" → "3"
                                orders[2]          {"order":"3","shipped":null} → absent
                      +  bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }   ← not expected
                      -  eve  CustomerOrders { orders: [Line { order: "2", shipped: None }] }   ← missing
        "#,
    );
}

#[test]
fn one_of_several_views_differs() {
    fails(
        || two_customers().then([("ann", of_ann()), ("bob", orders([line("3")]))]),
        r#"
            not the views that were expected: 1 with other content
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then       expected → produced
                      =  ann  CustomerOrders {
                                  orders: [
                                      Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) },
                                      Line { order: "3", shipped: None },
                                  ],
                              }
                      ~  bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }
                                orders[0].order  "3" → "2"
        "#,
    );
}

#[test]
fn a_view_is_expected_twice() {
    fails(
        || two_customers().then([("ann", of_ann()), ("ann", of_ann())]),
        r#"
            the view ann is expected twice
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
        "#,
    );
}

#[test]
fn there_should_be_no_views() {
    fails(
        || two_customers().then_nothing(),
        r#"
            not the views that were expected: 2 not expected
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then       expected → produced
                      +  ann  CustomerOrders {   ← not expected
                                  orders: [
                                      Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) },
                                      Line { order: "3", shipped: None },
                                  ],
                              }
                      +  bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }   ← not expected
        "#,
    );
}

#[test]
fn one_view_differs() {
    fails(
        || {
            two_customers()
                .then_view("ann", of_ann())
                .then_view("bob", orders([line("3")]))
        },
        r#"
            the view bob is not as was expected
              --> HERE+4

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then    ann  CustomerOrders {
                               orders: [
                                   Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) },
                                   Line { order: "3", shipped: None },
                               ],
                           }
              Then       expected → produced
                      ~  bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }
                                orders[0].order  "3" → "2"
        "#,
    );
}

#[test]
fn one_view_is_missing() {
    fails(
        || two_customers().then_view("eve", orders([])),
        r#"
            the view eve is missing
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then    expected  CustomerOrders { orders: [] }
                      produced  ann  CustomerOrders {
                                         orders: [
                                             Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) },
                                             Line { order: "3", shipped: None },
                                         ],
                                     }
                                bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }
        "#,
    );
}

#[test]
fn one_view_is_missing_where_there_is_none() {
    fails(
        || views_of::<CustomerOrders>().then_view_matching("eve", |_| true),
        "
            the view eve is missing
              --> HERE+1

              Then    expected  a view that matches
                      produced  no views
        ",
    );
}

#[test]
fn a_view_does_not_match() {
    fails(
        || two_customers().then_view_matching("bob", |view| view.orders.len() == 2),
        r#"
            the view bob does not match
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then    bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }
        "#,
    );
}

#[test]
fn a_view_should_not_be_there() {
    fails(
        || two_customers().then_no_view("eve").then_no_view("bob"),
        r#"
            the view bob is there, and should not be
              --> HERE+1

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Shipped
              And     order-2  1  Placed { by: "bob", cents: 0 }
              And     order-3  1  Placed { by: "ann", cents: 0 }
              Then    eve  no view
              Then    bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }
        "#,
    );
}

#[test]
fn the_only_view_differs() {
    fails(
        || {
            views_of::<Owed>()
                .given(
                    "1",
                    events![OrderEvent::Placed {
                        by: "ann".into(),
                        cents: 500
                    }],
                )
                .then_state(Owed { cents: 50 })
        },
        r#"
            not the views that were expected: 1 with other content
              --> HERE+10

              Given   order-1  1  Placed { by: "ann", cents: 500 }
              Then       expected → produced
                      ~  Owed { cents: 500 }
                           cents  50 → 500
        "#,
    );
}

#[test]
fn the_only_view_is_missing() {
    fails(
        || views_of::<Owed>().then_state(Owed { cents: 0 }),
        "
            not the views that were expected: 1 missing
              --> HERE+1

              Then       expected → produced
                      -  Owed { cents: 0 }   ← missing
        ",
    );
}
