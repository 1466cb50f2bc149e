//! Stories that are told on stores.

mod domain;
mod faulty;
mod told;
