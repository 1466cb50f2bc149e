//! What the store's things are called in the database.

use ironflow_domain::store::{StoreError, StoreErrorKind};

/// The longest name that Postgres does not cut off, in bytes.
const LONGEST: usize = 63;

/// The schema, and what is derived from its name.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    plain: String,
    quoted: String,
}

impl Names {
    pub(crate) fn new(schema: &str) -> Result<Self, StoreError> {
        let problem = if schema.is_empty() {
            "it is empty"
        } else if schema.len() > LONGEST {
            "it is longer than 63 bytes"
        } else if schema.contains('\0') {
            "it has a NUL character"
        } else if schema.starts_with("pg_") {
            "names that begin with pg_ are the server's own"
        } else if schema == "$user" {
            "in a search path it means the schema of the role"
        } else {
            return Ok(Self {
                plain: schema.to_owned(),
                quoted: format!("\"{}\"", schema.replace('"', "\"\"")),
            });
        };
        let message = format!("failed to connect: {schema:?} cannot name a schema: {problem}");
        Err(StoreError::new(StoreErrorKind::Other, message))
    }

    /// The schema as SQL has it.
    pub(crate) fn schema(&self) -> &str {
        &self.quoted
    }

    /// The schema as the catalogue has it.
    pub(crate) fn plain_schema(&self) -> &str {
        &self.plain
    }

    /// SQL in which `{s}` stands for the schema.
    pub(crate) fn fill(&self, sql: &str) -> String {
        sql.replace("{s}", &self.quoted)
    }

    /// The advisory lock that all who append hold: shared by most, alone by those that must see all
    /// others' appends.
    pub(crate) fn append_lock(&self) -> i64 {
        self.hash(b"append")
    }

    /// The advisory lock of whoever makes tables.
    pub(crate) fn set_up_lock(&self) -> i64 {
        self.hash(b"set up")
    }

    /// Where others hear that something was appended.
    pub(crate) fn channel(&self) -> String {
        format!("ironflow_{:016x}", self.hash(b"grown"))
    }

    /// FNV-1a: the same in all programs, for ever. Two schemas whose names have the same hash wait
    /// for each other's locks now and then, and no more.
    fn hash(&self, use_: &[u8]) -> i64 {
        let bytes = use_.iter().chain(b":").chain(self.plain.as_bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        hash.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_wherever_it_stands() {
        let names = Names::new("an \"odd\" {s}").unwrap();
        assert_eq!(
            names.fill("TABLE {s}.a, {s}.b"),
            r#"TABLE "an ""odd"" {s}".a, "an ""odd"" {s}".b"#
        );
    }

    #[test]
    fn what_cannot_name_a_schema_is_refused() {
        for name in ["", "pg_mine", "nul\0", "$user", &"x".repeat(64)] {
            let error = Names::new(name).unwrap_err();
            let start = format!("failed to connect: {name:?} cannot name a schema: ");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
        assert!(Names::new(&"x".repeat(63)).is_ok());
    }

    #[test]
    fn the_locks_of_a_schema_are_its_own() {
        let [one, other] = ["one", "other"].map(|name| Names::new(name).unwrap());
        let locks = [&one, &other].map(|names| [names.append_lock(), names.set_up_lock()]);
        let mut all = locks.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
        // Programs of different versions share a database: they must mean the same locks.
        assert_eq!(one.append_lock(), Names::new("one").unwrap().append_lock());
    }
}
