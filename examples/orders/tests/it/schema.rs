//! What was ever recorded of an order stays readable.

use orders::domain::Order;

ironflow_testing::schema_guard!(Order);
