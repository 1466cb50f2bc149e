//! The macros of Ironflow. Use them through `ironflow-domain`, which re-exports each one beside the
//! trait it implements and shows by example what it is for; here is what its attribute takes.
//!
//! Every macro goes the same way: `parse` reads the item into a model and reports what is wrong
//! with it, all of it at once; `expand` turns the model into code and cannot fail.

mod aggregate;
mod attributes;
mod command;
mod diagnostics;
mod event;
mod item;
mod paths;
mod projection;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;

/// # Attributes
///
/// On the enum, `#[event("account")]`:
///
/// | argument | meaning |
/// |---|---|
/// | `"account"` | the category: the first part of every stored name, and what the streams are called |
/// | `by_hand(Debug)` | of `Debug`, `Clone` and `PartialEq`, those that you implement by hand |
/// | `crate = ::path` | where `ironflow-domain` goes by another name |
///
/// On a variant, `#[event(...)]`:
///
/// | argument | meaning | unless given |
/// |---|---|---|
/// | `name = "account.paid_in"` | the whole stored name | category and variant: `account.deposited` |
/// | `version = 2` | the version of the payload's shape | 1 |
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    event::expand(arguments.into(), &item.into()).into()
}

/// # Attributes
///
/// On the struct or enum, `#[command(Account)]`:
///
/// | argument | meaning |
/// |---|---|
/// | `Account` | the aggregate that decides it |
/// | `context = Type` | what enrichment fetches before the decision; the aggregate implements `DecideWith` instead of `Decide` |
/// | `creates` | the stream must not exist yet |
/// | `by_hand(Debug)` | of `Debug`, `Clone` and `PartialEq`, those that you implement by hand |
/// | `crate = ::path` | where `ironflow-domain` goes by another name |
///
/// On a field, `#[id]`: it names the aggregate, and needs `Display`.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(arguments.into(), &item.into()).into()
}

/// # Attributes
///
/// On the struct or enum, `#[aggregate(...)]`:
///
/// | argument | meaning | unless given |
/// |---|---|---|
/// | `event = Type` | the facts it is folded from | needed |
/// | `error = Type` | how it refuses a command | needed |
/// | `crate = ::path` | where `ironflow-domain` goes by another name | |
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(item: TokenStream) -> TokenStream {
    aggregate::expand(&item.into()).into()
}

/// # Attributes
///
/// On the struct or enum, `#[projection("balance", ...)]`:
///
/// | argument | meaning | unless given |
/// |---|---|---|
/// | `"balance"` | what its views and its checkpoint are stored under | needed |
/// | `of(Events, ...)` | the sets of events it reads, each with a `Project` | needed |
/// | `partition = Type` | the key of one view | a single view, under the key `Unpartitioned` |
/// | `crate = ::path` | where `ironflow-domain` goes by another name | |
#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(item: TokenStream) -> TokenStream {
    projection::expand(&item.into()).into()
}
