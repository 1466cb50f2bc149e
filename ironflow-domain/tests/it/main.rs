//! What the macros generate, used as a user would.
#![cfg(feature = "derive")]

mod model;
