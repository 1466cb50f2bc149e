//! Sentences about projections, their failures above all.

mod expectations;
mod promises;
mod shop;
mod story;
