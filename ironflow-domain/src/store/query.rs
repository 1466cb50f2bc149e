//! Which events of the log are meant.

use std::fmt;

use crate::StreamId;
use crate::model::identity::category_of;

/// Which events of the log are meant: those in one of the streams, of one of the categories and
/// with one of the names. A list without entries leaves that open, so that a query without any means
/// all events.
///
/// ```
/// use ironflow_domain::store::EventQuery;
///
/// let query = EventQuery::all().categories(["order"]).names(["order.placed"]);
/// assert!(query.matches("order-1", "order.placed"));
/// assert!(!query.matches("order-1", "order.paid"));
/// assert_eq!(query.to_string(), "events order.placed of the category order");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventQuery {
    /// Only events in one of these streams.
    pub streams: Vec<StreamId>,
    /// Only events in streams of one of these categories.
    pub categories: Vec<String>,
    /// Only events with one of these names.
    pub names: Vec<String>,
}

impl EventQuery {
    /// Every event.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            streams: Vec::new(),
            categories: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Only events in one of these streams.
    #[must_use]
    pub fn streams(mut self, streams: impl IntoIterator<Item = StreamId>) -> Self {
        self.streams = streams.into_iter().collect();
        self
    }

    /// Only events in streams of one of these categories.
    #[must_use]
    pub fn categories<C: Into<String>>(mut self, categories: impl IntoIterator<Item = C>) -> Self {
        self.categories = categories.into_iter().map(Into::into).collect();
        self
    }

    /// Only events with one of these names.
    #[must_use]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether every event is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.streams.is_empty() && self.categories.is_empty() && self.names.is_empty()
    }

    /// Whether an event with this name in this stream is meant.
    #[must_use]
    pub fn matches(&self, stream: &str, name: &str) -> bool {
        let allows = |wanted: &[String], actual: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == actual)
        };
        allows(&self.names, name)
            && allows(&self.categories, category_of(stream))
            && (self.streams.is_empty()
                || self.streams.iter().any(|wanted| wanted.as_str() == stream))
    }
}

impl fmt::Display for EventQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        let categories: Vec<_> = self.categories.iter().map(String::as_str).collect();
        let streams: Vec<_> = self.streams.iter().map(StreamId::as_str).collect();
        let parts = [
            ("", "", names),
            ("of the category ", "of the categories ", categories),
            ("in stream ", "in the streams ", streams),
        ];
        f.write_str("events")?;
        for (one, many, all) in parts {
            match &all[..] {
                [] => {}
                [only] => write!(f, " {one}{only}")?,
                all => write!(f, " {many}{}", all.join(", "))?,
            }
        }
        Ok(())
    }
}
