//! How two sequences and two JSON values differ.

use serde_json::Value;

/// How much alike two elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    /// Of the same kind, with another content.
    Similar,
    Different,
}

/// Where elements of an expected and a produced sequence ended up: indices into the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Same(usize, usize),
    Differs(usize, usize),
    Missing(usize),
    Unexpected(usize),
    Moved(usize, usize),
}

/// Aligns two sequences so that as many elements as possible are the same, and then as many as
/// possible similar.
pub(super) fn align(
    expected: usize,
    produced: usize,
    likeness: impl Fn(usize, usize) -> Likeness,
) -> Vec<Row> {
    // `best[i][j]`: how many same and similar pairs there can be from `i` and `j` on.
    let mut best = vec![vec![(0_usize, 0_usize); produced + 1]; expected + 1];
    let paired = |best: &[Vec<(usize, usize)>], i: usize, j: usize| {
        let (same, similar) = best[i + 1][j + 1];
        match likeness(i, j) {
            Likeness::Same => Some((same + 1, similar)),
            Likeness::Similar => Some((same, similar + 1)),
            Likeness::Different => None,
        }
    };
    for i in (0..expected).rev() {
        for j in (0..produced).rev() {
            let apart = best[i + 1][j].max(best[i][j + 1]);
            best[i][j] = paired(&best, i, j).map_or(apart, |together| together.max(apart));
        }
    }

    let (mut i, mut j) = (0, 0);
    let mut rows = Vec::new();
    while i < expected || j < produced {
        if i < expected && j < produced && paired(&best, i, j) == Some(best[i][j]) {
            let same = likeness(i, j) == Likeness::Same;
            rows.push(if same {
                Row::Same(i, j)
            } else {
                Row::Differs(i, j)
            });
            (i, j) = (i + 1, j + 1);
        } else if i < expected && (j == produced || best[i + 1][j] == best[i][j]) {
            rows.push(Row::Missing(i));
            i += 1;
        } else {
            rows.push(Row::Unexpected(j));
            j += 1;
        }
    }
    rows
}

/// Joins what is missing in one place and the same in another to one row, in the place where it was
/// produced.
pub(super) fn join_moved(rows: Vec<Row>, likeness: impl Fn(usize, usize) -> Likeness) -> Vec<Row> {
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    for at in 0..rows.len() {
        let Some(Row::Unexpected(j)) = rows[at] else {
            continue;
        };
        let origin = rows
            .iter_mut()
            .find(|row| matches!(**row, Some(Row::Missing(i)) if likeness(i, j) == Likeness::Same));
        if let Some(Row::Missing(i)) = origin.and_then(Option::take) {
            rows[at] = Some(Row::Moved(i, j));
        }
    }
    rows.into_iter().flatten().collect()
}

/// One place in which two JSON values differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Such as `items[0].qty`; empty for the whole.
    pub(super) path: String,
    pub(super) expected: Option<Value>,
    pub(super) produced: Option<Value>,
}

/// Every place in which two JSON values differ, as deep as possible.
pub(super) fn fields(expected: &Value, produced: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    compare(String::new(), Some(expected), Some(produced), &mut fields);
    fields
}

fn compare(
    path: String,
    expected: Option<&Value>,
    produced: Option<&Value>,
    fields: &mut Vec<Field>,
) {
    match (expected, produced) {
        (Some(Value::Object(expected)), Some(Value::Object(produced))) => {
            let new = produced.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(new) {
                compare(
                    member(&path, key),
                    expected.get(key),
                    produced.get(key),
                    fields,
                );
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(produced))) => {
            for index in 0..expected.len().max(produced.len()) {
                let path = format!("{path}[{index}]");
                compare(path, expected.get(index), produced.get(index), fields);
            }
        }
        (expected, produced) if expected == produced => {}
        (expected, produced) => {
            fields.push(Field {
                path,
                expected: expected.cloned(),
                produced: produced.cloned(),
            });
        }
    }
}

fn member(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (plain, path) {
        (true, "") => key.to_owned(),
        (true, _) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Letters are kinds: `a1` and `a2` are similar.
    fn rows(expected: &[&str], produced: &[&str]) -> Vec<Row> {
        let likeness = |i: usize, j: usize| match (expected[i], produced[j]) {
            (one, other) if one == other => Likeness::Same,
            (one, other) if one[..1] == other[..1] => Likeness::Similar,
            _ => Likeness::Different,
        };
        join_moved(align(expected.len(), produced.len(), likeness), likeness)
    }

    #[test]
    fn one_more_event_leaves_the_others_aligned() {
        use Row::{Same, Unexpected};
        assert_eq!(
            rows(&["a1", "b1", "c1"], &["a1", "a2", "b1", "c1"]),
            [Same(0, 0), Unexpected(1), Same(1, 2), Same(2, 3)]
        );
    }

    #[test]
    fn what_is_the_same_goes_before_what_is_similar() {
        use Row::{Differs, Same, Unexpected};
        assert_eq!(rows(&["a1"], &["a2", "a1"]), [Unexpected(0), Same(0, 1)]);
        assert_eq!(
            rows(&["a1", "b1"], &["a2", "b1"]),
            [Differs(0, 0), Same(1, 1)]
        );
    }

    #[test]
    fn what_is_missing_here_and_unexpected_there_has_moved() {
        use Row::{Missing, Moved, Same};
        assert_eq!(
            rows(&["a1", "b1", "c1"], &["c1", "a1", "b1"]),
            [Moved(2, 0), Same(0, 1), Same(1, 2)]
        );
        assert_eq!(
            rows(&["a1", "b1", "b1"], &["b1", "a1"]),
            [Same(1, 0), Missing(2), Moved(0, 1)]
        );
    }

    #[test]
    fn fields_are_named_by_their_path() {
        let expected = json!({"id": 1, "items": [{"qty": 1}, {"qty": 2}], "a b": null});
        let produced = json!({"id": 1, "items": [{"qty": 3}], "new": {}});
        let found: Vec<String> = fields(&expected, &produced)
            .into_iter()
            .map(|field| field.path)
            .collect();
        assert_eq!(found, ["[\"a b\"]", "items[0].qty", "items[1]", "new"]);
        assert_eq!(fields(&json!(1), &json!(2))[0].path, "");
    }
}
