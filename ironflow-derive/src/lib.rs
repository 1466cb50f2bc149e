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
mod reactor;
mod reads;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod snapshots;
mod sql_projection;
#[cfg(feature = "story")]
mod story;
mod words;

use proc_macro::TokenStream;

/// # Attributes
///
#[doc = include_str!("../reference/event.md")]
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    event::expand(arguments.into(), &item.into()).into()
}

/// # Attributes
///
#[doc = include_str!("../reference/command.md")]
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(arguments.into(), &item.into()).into()
}

/// # Attributes
///
#[doc = include_str!("../reference/aggregate.md")]
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(item: TokenStream) -> TokenStream {
    aggregate::expand(&item.into()).into()
}

/// # Attributes
///
#[doc = include_str!("../reference/projection.md")]
#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(item: TokenStream) -> TokenStream {
    projection::expand(&item.into()).into()
}

/// # Attributes
///
#[doc = include_str!("../reference/sql_projection.md")]
#[proc_macro_derive(SqlProjection, attributes(projection, table))]
pub fn derive_sql_projection(item: TokenStream) -> TokenStream {
    sql_projection::expand(&item.into()).into()
}

/// # Attributes
///
#[doc = include_str!("../reference/reactor.md")]
#[proc_macro_derive(Reactor, attributes(reactor))]
pub fn derive_reactor(item: TokenStream) -> TokenStream {
    reactor::expand(&item.into()).into()
}

/// Makes a test of a function that tells stories; `ironflow-testing` shows by example what it is
/// for.
#[cfg(feature = "story")]
#[proc_macro_attribute]
pub fn story(arguments: TokenStream, item: TokenStream) -> TokenStream {
    story::expand(&arguments.into(), &item.into()).into()
}
