//! What the tests have in common.

use std::sync::atomic::{AtomicU32, Ordering};

/// The name of a schema that nobody else has, in the server that all tests share.
pub(crate) fn new_schema() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{number}", std::process::id())
}
