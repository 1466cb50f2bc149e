//! Whether nobody is there to look at what is written.

use std::env;

/// Whether this runs where code is checked, and not where it is written.
pub(crate) fn is_ci() -> bool {
    let is_set = |name| match env::var(name).as_deref() {
        Ok("" | "false" | "0") | Err(_) => false,
        Ok(_) => true,
    };
    is_set("CI") || is_set("TF_BUILD")
}
