//! What clients see of an application that is not about its own domain.

mod counter;
mod errors;
mod headers;
mod views;
