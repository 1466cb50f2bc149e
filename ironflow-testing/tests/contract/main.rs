//! The suite on the store it describes, and on stores that break one promise each.

mod broken;
mod memory;
