//! `snapshot(…)`: when the state is kept.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{LitInt, LitStr};

use crate::attributes::{Arguments, Grammar, Key, Shape, Words};
use crate::diagnostics::{Diagnostics, located};
use crate::item;
use crate::paths::Root;

pub(crate) static IN_SNAPSHOT: Grammar = Grammar {
    attribute: "snapshot",
    is_key: true,
    first: None,
    keys: &[
        Key {
            name: "every",
            shape: Shape::Number,
            usage: "every = 100",
            meaning: "so many events after the last one",
            otherwise: "`after` says when",
            also_called: &["events", "each", "interval", "frequency"],
            ..Key::OPTIONAL
        },
        Key {
            name: "after",
            shape: Shape::Text,
            usage: "after = \"5ms\"",
            meaning: "when reading and folding what has happened since the last one took longer; in `us`, `ms` or `s`",
            otherwise: "`every` says when",
            also_called: &["budget", "slower_than", "longer_than", "time", "duration"],
            ..Key::OPTIONAL
        },
        Key {
            name: "version",
            shape: Shape::Number,
            usage: "version = 2",
            meaning: "the version of what the fold makes of events; raise it where that changes and the shape of the \
                      state does not, and older snapshots are not read",
            otherwise: "1",
            ..Key::OPTIONAL
        },
    ],
    elsewhere: &[],
};

/// When the state is kept; nothing where that cannot be told, which has been reported.
pub(super) struct Snapshot {
    due: Option<Due>,
    version: Option<u32>,
}

enum Due {
    Every(u64),
    After(Duration),
}

/// Reads `snapshot(…)`; nothing where it is not given.
pub(super) fn parse(given: &mut Arguments, diagnostics: &Diagnostics) -> Option<Snapshot> {
    let span = given.is_given("snapshot")?;
    // Where it was given something else, that has been reported.
    let tokens = given.arguments("snapshot")?;
    let mut given = IN_SNAPSHOT.parse(tokens, span, Words::default(), diagnostics);
    let (every_at, after_at) = (given.is_given("every"), given.is_given("after"));
    match (every_at, after_at) {
        (Some(every), Some(after)) => {
            diagnostics.error(
                after,
                "a snapshot is due either after so many events or after so much time",
                "keep one of them: `every` counts, and is the same everywhere; `after` measures",
            );
            diagnostics.push(syn::Error::new(every, "`every` is given here"));
        }
        (None, None) if !given.is_meant("every") && !given.is_meant("after") => diagnostics.error(
            span,
            "`snapshot(...)` does not say when a snapshot is due",
            "say after how many events, `snapshot(every = 100)`, or after how much time, `snapshot(after = \"5ms\")`",
        ),
        _ => {}
    }
    let every = given.number("every").and_then(|n| events(&n, diagnostics));
    let after = given.text("after").and_then(|t| budget(&t, diagnostics));
    let version = given
        .number("version")
        .and_then(|number| item::version(&number, "a version of a snapshot", diagnostics));
    let due = every.map(Due::Every).or(after.map(Due::After));
    Some(Snapshot { due, version })
}

fn events(number: &LitInt, diagnostics: &Diagnostics) -> Option<u64> {
    let events = number.base10_parse().ok().filter(|events| *events > 0);
    if events.is_none() {
        diagnostics.error(
            number.span(),
            format!("`{number}` is not a number of events"),
            "count from 1: `every = 100`; to have no snapshots, take `snapshot(...)` away",
        );
    }
    events
}

fn budget(text: &LitStr, diagnostics: &Diagnostics) -> Option<Duration> {
    let budget = duration(&text.value()).filter(|budget| !budget.is_zero());
    if budget.is_none() {
        diagnostics.error(
            text.span(),
            format!("`\"{}\"` is not a length of time", text.value()),
            "write a whole number above 0 and its unit, `us`, `ms` or `s`: `after = \"5ms\"`",
        );
    }
    budget
}

/// A whole number and its unit.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number = number.parse().ok()?;
    match unit.trim() {
        "us" | "µs" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

impl Snapshot {
    /// The function that says so; what is missing of the state is reported at its name.
    pub(super) fn generate(&self, state: Span, root: &Root) -> TokenStream {
        let Some(due) = &self.due else {
            return TokenStream::new();
        };
        let snapshots = match due {
            Due::Every(events) => quote!(#root::Snapshots::<Self>::every(#events)),
            Due::After(budget) => {
                let (seconds, nanos) = (budget.as_secs(), budget.subsec_nanos());
                let budget = quote!(::core::time::Duration::new(#seconds, #nanos));
                quote!(#root::Snapshots::<Self>::after(#budget))
            }
        };
        let snapshots = located(snapshots, state);
        let version = self.version.map(|version| quote!(.version(#version)));
        quote! {
            fn snapshots() -> ::core::option::Option<#root::Snapshots<Self>> {
                ::core::option::Option::Some(#snapshots #version)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn a_length_of_time_has_a_number_and_a_unit() {
        assert_eq!(duration("5ms"), Some(Duration::from_millis(5)));
        assert_eq!(duration("250 us"), Some(Duration::from_micros(250)));
        assert_eq!(duration("1s"), Some(Duration::from_secs(1)));
        for wrong in ["", "5", "ms", "5min", "-5ms", "1.5ms", "5 m s"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
