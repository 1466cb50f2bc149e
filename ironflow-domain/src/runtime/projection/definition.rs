//! What a projection's views depend on: where it is another, they have to be filled again.

use serde::{Deserialize, Serialize};

use crate::model::projection::State;
use crate::model::shape::Fingerprint;
use crate::store::EventQuery;
use crate::{Projection, Table};

/// What the views of a projection are filled from, and what is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// The categories of the streams it reads, in alphabetical order.
    categories: Vec<String>,
    /// The names of the events it reads, in alphabetical order; none where it reads all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    /// The shape of its state. Checkpoints of the first release do not have it.
    #[serde(default)]
    fingerprint: Option<String>,
    /// The version of what its views mean. Checkpoints of the first release do not have it.
    #[serde(default)]
    version: Option<u32>,
    /// The tables that it fills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tables: Vec<TableOf>,
}

/// A table that a projection fills, as it is stored.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub(crate) struct TableOf {
    pub(super) name: String,
    pub(super) columns: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) indexes: Vec<String>,
}

/// Which events a projection reads.
pub(crate) fn reads<P: Projection>() -> EventQuery {
    let query = EventQuery::all().names(P::feed().names());
    query.categories(P::CATEGORIES.iter().copied())
}

impl Definition {
    /// The definition of `P`. It takes milliseconds to see the shape of the state.
    pub(crate) fn of<P: Projection>() -> Self {
        let EventQuery {
            mut categories,
            mut names,
            ..
        } = reads::<P>();
        for list in [&mut categories, &mut names] {
            list.sort_unstable();
            list.dedup();
        }
        Self {
            categories,
            names,
            fingerprint: Some(Fingerprint::of::<State<P>>().to_string()),
            version: Some(P::VERSION),
            tables: P::TABLES.iter().map(TableOf::declared).collect(),
        }
    }

    /// One of its tables.
    pub(super) fn table(&self, name: &str) -> Option<&TableOf> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Which events it reads.
    pub(super) fn reads(&self) -> EventQuery {
        let query = EventQuery::all().categories(self.categories.iter());
        query.names(self.names.iter())
    }

    /// What is not as before in `now`, in words; nothing where all is.
    pub(crate) fn changes(&self, now: &Self) -> Option<String> {
        let mut changes = Vec::new();
        if self.fingerprint.is_none() || now.fingerprint.is_none() {
            changes.push("the shape of its state was not kept so far".to_owned());
        } else if self.fingerprint != now.fingerprint {
            changes.push("the shape of its state has changed".to_owned());
        }
        if self.categories != now.categories {
            let categories = now.categories.join(", ");
            changes.push(format!("it reads the categories {categories} now"));
        }
        if self.names != now.names {
            changes.push(match now.names.join(", ") {
                names if names.is_empty() => "it reads all of their events now".to_owned(),
                names => format!("it reads the events {names} now"),
            });
        }
        if let (Some(before), Some(version)) = (self.version, now.version)
            && before != version
        {
            changes.push(format!("its version is {version} now"));
        }
        for table in &now.tables {
            match self.table(&table.name) {
                Some(before) if before == table => {}
                Some(_) => changes.push(format!("its table {} has changed", table.name)),
                None => changes.push(format!("it has the table {} now", table.name)),
            }
        }
        let gone = self.tables.iter().map(|table| &table.name);
        let gone = gone.filter(|name| now.table(name).is_none());
        changes.extend(gone.map(|name| format!("it is without the table {name} now")));
        (!changes.is_empty()).then(|| changes.join(", "))
    }
}

/// How the columns are laid out in the program does not matter.
impl PartialEq for TableOf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.indexes == other.indexes
            && self
                .columns
                .split_whitespace()
                .eq(other.columns.split_whitespace())
    }
}

impl TableOf {
    fn declared(table: &Table) -> Self {
        Self {
            name: table.name.to_owned(),
            columns: table.columns.to_owned(),
            indexes: table.indexes.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Definition;

    fn definition(json: &str) -> Definition {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn changes_are_told_in_words() {
        let old = definition(r#"{"categories":["parcel"]}"#);
        let one = r#"{"categories":["parcel"],"fingerprint":"1","version":1}"#;
        let one = definition(one);
        let two = r#"{"categories":["parcel","van"],"fingerprint":"2","version":2}"#;
        let two = definition(two);
        assert_eq!(one.changes(&one), None);
        assert_eq!(
            one.changes(&two).unwrap(),
            "the shape of its state has changed, it reads the categories parcel, van now, \
             its version is 2 now"
        );
        assert_eq!(
            old.changes(&one).unwrap(),
            "the shape of its state was not kept so far"
        );
        let three =
            r#"{"categories":["parcel"],"names":["parcel.sent"],"fingerprint":"1","version":1}"#;
        let three = definition(three);
        assert_eq!(
            one.changes(&three).unwrap(),
            "it reads the events parcel.sent now"
        );
        assert_eq!(
            three.changes(&one).unwrap(),
            "it reads all of their events now"
        );
        // Not even where neither is known.
        assert!(old.changes(&old).is_some());
    }
}
