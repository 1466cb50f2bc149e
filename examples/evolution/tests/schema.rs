//! Every version of an order that was ever recorded stays readable.

use evolution::new_version::Order;

ironflow_testing::schema_guard!(Order);
