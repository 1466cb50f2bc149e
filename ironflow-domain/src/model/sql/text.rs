//! What can be seen in the text of a statement without a database.

use std::error::Error;
use std::fmt;

use super::{SqlValue, Table};

/// A statement that no database needs to see to know that it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementError {
    /// The statement.
    pub sql: String,
    /// What is wrong with it.
    pub problem: StatementProblem,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementProblem {
    /// `{name}`, and no `#[table(…)]` has that name.
    UnknownTable(String),
    /// A table by its plain name, under which the rows that serve are read.
    PlainTable(String),
    /// Several statements in one text.
    Several,
    /// It is no `INSERT`, `UPDATE`, `DELETE`, `REPLACE`, `MERGE` or `WITH`, but begins with this.
    NoChange(String),
    /// It was given so many parameters, and is without one of them.
    Unused {
        /// Which one.
        number: usize,
        /// How many were given.
        given: usize,
    },
    /// It has a parameter that it was not given.
    Missing {
        /// Which one.
        number: usize,
        /// How many were given.
        given: usize,
    },
    /// It ends within a text, a name or a comment.
    Unfinished,
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            StatementProblem::UnknownTable(name) => write!(
                f,
                "`{{{name}}}` is none of the projection's tables: declare it with `#[table(\"{name}\", …)]`"
            )?,
            StatementProblem::PlainTable(name) => write!(
                f,
                "`{name}` shows the rows that serve, and these may be others: write `{{{name}}}`"
            )?,
            StatementProblem::Several => f.write_str(
                "there is something after `;`: give each statement to `execute` on its own",
            )?,
            StatementProblem::NoChange(verb) => write!(
                f,
                "a projection changes rows, with INSERT, UPDATE, DELETE, REPLACE, MERGE or WITH, and not with `{verb}`"
            )?,
            StatementProblem::Unused { number, given } => {
                write!(f, "it was given {given} parameters, and has no `${number}`")?;
            }
            StatementProblem::Missing { number, given } => {
                write!(f, "it has `${number}`, and was given {given} parameters")?;
            }
            StatementProblem::Unfinished => {
                f.write_str("it ends within a text in quotes, a name or a comment")?;
            }
        }
        write!(f, ", in: {}", self.sql)
    }
}

impl Error for StatementError {}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    /// A word, such as a keyword or a name.
    Word(&'s str),
    /// A name in quotes, without those.
    Quoted(&'s str),
    /// `{name}`
    Braced(&'s str),
    /// `$1`
    Parameter(usize),
    /// `;`
    End,
    /// Anything else that is not blank: one sign, or a text in quotes.
    Other,
}

/// Goes through a statement as the databases do.
struct Tokens<'s> {
    sql: &'s str,
    at: usize,
    unfinished: bool,
}

impl<'s> Tokens<'s> {
    const fn new(sql: &'s str) -> Self {
        Self {
            sql,
            at: 0,
            unfinished: false,
        }
    }

    fn rest(&self) -> &'s str {
        &self.sql[self.at..]
    }

    /// Takes all up to and with `end`; says what was before it.
    fn take_to(&mut self, end: &str) -> &'s str {
        let rest = self.rest();
        if let Some(length) = rest.find(end) {
            self.at += length + end.len();
            &rest[..length]
        } else {
            self.unfinished = true;
            self.at = self.sql.len();
            rest
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A text in quotes, in which a backslash may stand for something.
    fn take_escaped(&mut self) {
        loop {
            let before = self.take_to("'");
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            if self.unfinished || backslashes.is_multiple_of(2) {
                return;
            }
        }
    }
}

impl<'s> Iterator for Tokens<'s> {
    /// With where it begins.
    type Item = (usize, Token<'s>);

    fn next(&mut self) -> Option<Self::Item> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let rest = self.rest();
        let first = rest.chars().next()?;
        if rest.starts_with("--") {
            self.take_while(|c| c != '\n');
            return self.next();
        }
        if rest.starts_with("/*") {
            self.at += 2;
            self.take_to("*/");
            return self.next();
        }
        self.at += first.len_utf8();
        let token = match first {
            '\'' => {
                self.take_to("'");
                Token::Other
            }
            '"' => Token::Quoted(self.take_to("\"")),
            '`' => Token::Quoted(self.take_to("`")),
            '{' => Token::Braced(self.take_to("}")),
            ';' => Token::End,
            '$' => {
                let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
                if let Ok(number) = word.parse() {
                    Token::Parameter(number)
                } else if self.rest().starts_with('$') {
                    // A text between `$tag$` and `$tag$`, on Postgres.
                    self.at += 1;
                    self.take_to(&format!("${word}$"));
                    Token::Other
                } else {
                    Token::Other
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '$');
                let word = &self.sql[start..self.at];
                if word.eq_ignore_ascii_case("e") && self.rest().starts_with('\'') {
                    self.at += 1;
                    self.take_escaped();
                    Token::Other
                } else {
                    Token::Word(word)
                }
            }
            _ => Token::Other,
        };
        Some((start, token))
    }
}

/// What a projection may begin a statement with.
const CHANGES: [&str; 6] = ["insert", "update", "delete", "replace", "merge", "with"];
/// What a table comes after.
const BEFORE_TABLES: [&str; 6] = ["into", "update", "from", "join", "only", "using"];

/// Looks a statement of a projection with these tables over.
pub(super) fn check(
    sql: &str,
    parameters: &[SqlValue],
    tables: &[Table],
) -> Result<(), StatementError> {
    problem(sql, parameters.len(), tables).map_or(Ok(()), |problem| {
        let sql = sql.to_owned();
        Err(StatementError { sql, problem })
    })
}

fn problem(sql: &str, given: usize, tables: &[Table]) -> Option<StatementProblem> {
    let is_a_table = |name: &str| tables.iter().any(|table| table.name == name);
    let mut used = vec![false; given];
    let mut before = None;
    let mut has_ended = false;
    let mut tokens = Tokens::new(sql);
    while let Some((_, token)) = tokens.next() {
        if has_ended && token != Token::End {
            return Some(StatementProblem::Several);
        }
        if before.is_none() {
            let verb = match token {
                Token::Word(word) => word,
                _ => &sql[..tokens.at],
            };
            let verb = verb.trim();
            if !CHANGES.iter().any(|known| known.eq_ignore_ascii_case(verb)) {
                return Some(StatementProblem::NoChange(verb.to_owned()));
            }
        }
        match token {
            Token::Braced(name) if !is_a_table(name) && !tokens.unfinished => {
                return Some(StatementProblem::UnknownTable(name.to_owned()));
            }
            Token::Word(name) | Token::Quoted(name) => {
                let is_after = |word: &&str| matches!(before, Some(Token::Word(before)) if before.eq_ignore_ascii_case(word));
                let name = match token {
                    Token::Word(_) => name.to_ascii_lowercase(),
                    _ => name.to_owned(),
                };
                if is_a_table(&name) && BEFORE_TABLES.iter().any(is_after) {
                    return Some(StatementProblem::PlainTable(name));
                }
            }
            Token::Parameter(number) => match number.checked_sub(1).and_then(|n| used.get_mut(n)) {
                Some(used) => *used = true,
                None => return Some(StatementProblem::Missing { number, given }),
            },
            Token::End => has_ended = true,
            Token::Braced(_) | Token::Other => {}
        }
        before = Some(token);
    }
    if tokens.unfinished {
        return Some(StatementProblem::Unfinished);
    }
    if before.is_none() {
        return Some(StatementProblem::NoChange(String::new()));
    }
    let number = used.iter().position(|used| !used)? + 1;
    Some(StatementProblem::Unused { number, given })
}

/// The statement with the tables of one generation in the place of `{name}`.
#[cfg(feature = "runtime")]
pub(crate) fn of_generation(sql: &str, generation: u32) -> String {
    let mut text = String::with_capacity(sql.len() + 8);
    let mut copied = 0;
    let mut tokens = Tokens::new(sql);
    while let Some((start, token)) = tokens.next() {
        if let Token::Braced(name) = token {
            text.push_str(&sql[copied..start]);
            text.push('"');
            text.push_str(&Table::of_generation(name, generation));
            text.push('"');
            copied = tokens.at;
        }
    }
    text.push_str(&sql[copied..]);
    text
}

/// What ends, begins or divides a transaction, as the first word of such a statement.
#[cfg(any(feature = "store", test))]
const TRANSACTIONS: [&str; 9] = [
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
    "savepoint",
    "release",
    "prepare",
];

/// Why a statement cannot be one of several in a transaction, whatever the database says.
#[cfg(any(feature = "store", test))]
pub(crate) fn misfit(sql: &str) -> Option<String> {
    let mut tokens = Tokens::new(sql).map(|(_, token)| token);
    let first = tokens.find(|token| *token != Token::End);
    if let Some(Token::Word(word)) = first
        && TRANSACTIONS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    {
        return Some(format!(
            "`{word}` would meddle with the transaction that it is in"
        ));
    }
    let mut before = first;
    for token in tokens {
        if before == Some(Token::End) && token != Token::End {
            return Some("there are several statements in it".to_owned());
        }
        if let (Some(Token::Word(or)), Token::Word(rollback)) = (before, token)
            && or.eq_ignore_ascii_case("or")
            && rollback.eq_ignore_ascii_case("rollback")
        {
            return Some("`OR ROLLBACK` would end the transaction that it is in".to_owned());
        }
        before = Some(token);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[Table] = &[Table::new("orders", "", &[]), Table::new("lines", "", &[])];

    fn looked_over(sql: &str, given: usize) -> Option<StatementProblem> {
        problem(sql, given, TABLES)
    }

    #[test]
    fn what_changes_rows_is_right() {
        for (sql, given) in [
            ("INSERT INTO {orders} (id, n) VALUES ($1, $2)", 2),
            ("insert into {orders} values ($2, $1, $1);", 2),
            (
                "  -- why\n /* {none} */ UPDATE {orders} SET orders = orders + 1 ; ;",
                0,
            ),
            (
                "DELETE FROM {lines} WHERE text = ';$9{none}''' AND \"{none}\" = 1",
                0,
            ),
            (
                "WITH x AS (SELECT 1) INSERT INTO {orders} SELECT * FROM x JOIN {lines}",
                0,
            ),
            (
                "INSERT INTO {orders} VALUES (E'it\\'s {none};', $$ {none}; $9 $$, $a$ $$ {none} $a$)",
                0,
            ),
            (
                "INSERT INTO {orders} VALUES ('{\"a\": 1}') ON CONFLICT (id) DO UPDATE SET n = {orders}.n",
                0,
            ),
        ] {
            assert_eq!(looked_over(sql, given), None, "{sql}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        use StatementProblem::{
            Missing, NoChange, PlainTable, Several, Unfinished, UnknownTable, Unused,
        };
        for (sql, given, expected) in [
            (
                "INSERT INTO {order} VALUES (1)",
                0,
                UnknownTable("order".into()),
            ),
            (
                "INSERT INTO Orders VALUES (1)",
                0,
                PlainTable("orders".into()),
            ),
            (
                "UPDATE \"orders\" SET n = 1",
                0,
                PlainTable("orders".into()),
            ),
            (
                "DELETE FROM {orders} WHERE id IN (SELECT id FROM lines)",
                0,
                PlainTable("lines".into()),
            ),
            ("DELETE FROM {orders}; DELETE FROM {lines}", 0, Several),
            ("COMMIT", 0, NoChange("COMMIT".into())),
            ("(SELECT 1)", 0, NoChange("(".into())),
            ("-- nothing", 0, NoChange(String::new())),
            (
                "DELETE FROM {orders} WHERE id = $1",
                0,
                Missing {
                    number: 1,
                    given: 0,
                },
            ),
            (
                "DELETE FROM {orders} WHERE id = $0",
                1,
                Missing {
                    number: 0,
                    given: 1,
                },
            ),
            (
                "DELETE FROM {orders} WHERE id = $2",
                2,
                Unused {
                    number: 1,
                    given: 2,
                },
            ),
            ("DELETE FROM {orders} WHERE id = 'a", 0, Unfinished),
            ("DELETE FROM {orders", 0, Unfinished),
        ] {
            assert_eq!(looked_over(sql, given), Some(expected), "{sql}");
        }
    }

    #[test]
    fn what_meddles_with_a_transaction_does_not_fit() {
        for sql in [
            "COMMIT",
            ";; rollback",
            "/* */ SAVEPOINT a",
            "INSERT OR ROLLBACK INTO t VALUES (1)",
            "DELETE FROM a; DELETE FROM b",
        ] {
            assert!(misfit(sql).is_some(), "{sql}");
        }
        for sql in [
            "INSERT INTO t VALUES ('commit; or rollback')",
            "CREATE TABLE t (a TEXT);",
            "",
        ] {
            assert_eq!(misfit(sql), None, "{sql}");
        }
    }

    #[cfg(feature = "runtime")]
    #[test]
    fn tables_are_those_of_the_generation() {
        assert_eq!(
            of_generation(
                "INSERT INTO {orders} SELECT '{orders}' FROM {lines} WHERE {lines}.a = $1",
                3
            ),
            "INSERT INTO \"orders_3\" SELECT '{orders}' FROM \"lines_3\" WHERE \"lines_3\".a = $1"
        );
    }
}
