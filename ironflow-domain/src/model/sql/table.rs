//! The tables that an SQL projection fills.

/// A table that a projection fills: its name, what is in it, and what it is looked up by. The derive
/// writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// What it is asked under: a view of that name shows the rows that serve.
    pub name: &'static str,
    /// Its columns and constraints, as they stand in the parentheses of a `CREATE TABLE`.
    pub columns: &'static str,
    /// The columns of each index, as they stand in the parentheses of a `CREATE INDEX`.
    pub indexes: &'static [&'static str],
}

impl Table {
    /// A table.
    #[must_use]
    pub const fn new(
        name: &'static str,
        columns: &'static str,
        indexes: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            columns,
            indexes,
        }
    }

    /// The name of the table that has the rows of one generation.
    #[must_use]
    pub fn of_generation(name: &str, generation: u32) -> String {
        format!("{name}_{generation}")
    }
}
