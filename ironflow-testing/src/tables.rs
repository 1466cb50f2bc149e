//! Given/Then for projections in tables: which statements events lead to.
//!
//! No database is asked. What is looked at without one is so here: that every `{table}` is declared,
//! that parameters fit, and that the same events lead to the same statements.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::time::Duration;

use ironflow_domain::__private::{Applied, Routes, Routing, Unapplied, statements_of as given_to};
use ironflow_domain::{Event, ProjectSql, SqlProjection, Statement, Statements};

use crate::log::Append;
use crate::past::Past;
use crate::scenario::unfinished::Unfinished;
use crate::scenario::{Happened, Moment, story};

/// Begins a sentence about the statements of a projection in tables.
///
/// What is expected is written as in the projection itself. How a statement is laid out does not
/// matter.
///
/// ```
/// use ironflow_testing::statements_of;
/// # use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event, events};
/// # #[event("order")] pub enum OrderEvent { Placed { customer: String, cents: i64 }, Cancelled }
/// # #[derive(SqlProjection)]
/// # #[projection("order-report", of(OrderEvent))]
/// # #[table("order_report", columns = "id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents BIGINT NOT NULL")]
/// # pub struct OrderReport;
/// # impl ProjectSql<OrderEvent> for OrderReport {
/// #     fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
/// #         let id = event.stream.id();
/// #         match &event.data {
/// #             OrderEvent::Placed { customer, cents } => sql.execute(
/// #                 "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3)",
/// #                 (id, customer, cents),
/// #             ),
/// #             OrderEvent::Cancelled => sql.execute("DELETE FROM {order_report} WHERE id = $1", (id,)),
/// #         }
/// #     }
/// # }
///
/// # fn main() {
/// statements_of::<OrderReport>()
///     .given("1", events![OrderEvent::Placed { customer: "ann".into(), cents: 700 }])
///     .then(|sql| {
///         sql.execute(
///             "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3)",
///             ("1", "ann", 700),
///         );
///     })
///     .given("1", events![OrderEvent::Cancelled])
///     .then(|sql| sql.execute("DELETE FROM {order_report} WHERE id = $1", ("1",)));
/// # }
/// ```
#[track_caller]
pub fn statements_of<P: SqlProjection>() -> StatementsOf<P> {
    ThenStatements {
        past: Past::of(P::NAME),
        projection: PhantomData,
    }
    .goes_on()
}

/// What has happened, and what it leads to; [`statements_of`] makes it.
///
/// Go on with [`given`](Self::given), and end with [`then`](Self::then). It fails the test if it is
/// dropped instead.
#[must_use = "nothing is checked before a `then`"]
pub struct StatementsOf<P> {
    told: ThenStatements<P>,
    /// The first of the appends that nothing was said about.
    from: usize,
    unfinished: Unfinished,
}

/// What was true so far; go on with another [`given`](Self::given), or not.
pub struct ThenStatements<P> {
    past: Past,
    projection: PhantomData<fn() -> P>,
}

impl<P: SqlProjection> StatementsOf<P> {
    /// Appends what has happened to an aggregate, as a whole, to its stream: that of the order `1`
    /// is `order-1`.
    ///
    /// # Panics
    ///
    /// When an event does not survive being stored.
    #[track_caller]
    pub fn given<E: Event>(mut self, id: impl Display, happened: impl Happened<E>) -> Self
    where
        P: ProjectSql<E>,
    {
        self.told.past.append(id, happened);
        self
    }

    /// It is that time now: what is given from here on is recorded then. A sentence begins at the
    /// start of 2026.
    ///
    /// # Panics
    ///
    /// When a text is not a time in RFC 3339.
    #[track_caller]
    pub fn at(mut self, time: impl Moment) -> Self {
        self.told.past.at(time);
        self
    }

    /// So much time goes by.
    pub fn advance(mut self, time: Duration) -> Self {
        self.told.past.advance(time);
        self
    }

    /// Exactly these statements have come of what was given since the last `then`, in this order.
    ///
    /// # Panics
    ///
    /// When they are others, when one is wrong without asking a database, or when the projection
    /// panics. The panic is at the caller's line.
    #[track_caller]
    pub fn then(self, expected: impl FnOnce(&mut Statements)) -> ThenStatements<P> {
        let Self {
            told,
            from,
            unfinished,
        } = self;
        unfinished.goes_on();
        let expected = match given_to::<P>(expected) {
            Ok(expected) => expected,
            Err(error) => told.past.story.fail(
                "a statement that is expected is wrong",
                &[("But", error.to_string())],
            ),
        };
        let [expected, produced, again] = [
            lines(&expected),
            lines(&told.produced(from)),
            lines(&told.produced(from)),
        ];
        if produced != again {
            let versus = story::beside(&produced, &again);
            let headline = "the same events, taken again, lead to other statements";
            told.past.story.fail(headline, &[("Then", versus)])
        }
        if expected != produced {
            let versus = story::beside(&expected, &produced);
            told.past
                .story
                .fail("not the statements that were expected", &[("Then", versus)])
        }
        let mut told = told;
        told.past.story.with("Then", produced);
        told.past.story.tell();
        told
    }

    /// No statement at all has come of it.
    ///
    /// # Panics
    ///
    /// As [`then`](Self::then).
    #[allow(clippy::must_use_candidate, reason = "the story may be at its end")]
    #[track_caller]
    pub fn then_nothing(self) -> ThenStatements<P> {
        self.then(|_| {})
    }
}

impl<P: SqlProjection> ThenStatements<P> {
    #[track_caller]
    fn goes_on(self) -> StatementsOf<P> {
        let unfinished = Unfinished::new(
            "statements_of(..) without a then: nothing was checked; end with .then(|sql| ..) or .then_nothing()",
        );
        StatementsOf {
            from: self.past.log.appends().len(),
            told: self,
            unfinished,
        }
    }

    /// The story goes on: as [`StatementsOf::given`].
    ///
    /// # Panics
    ///
    /// As that.
    #[track_caller]
    pub fn given<E: Event>(self, id: impl Display, happened: impl Happened<E>) -> StatementsOf<P>
    where
        P: ProjectSql<E>,
    {
        self.goes_on().given(id, happened)
    }

    #[track_caller]
    fn produced(&self, from: usize) -> Vec<Statement> {
        match self.take(from) {
            Ok(applied) => {
                let events = applied.statements.into_iter();
                events.flat_map(|of_event| of_event.statements).collect()
            }
            Err(error) => {
                let headline = match error {
                    Unapplied::Undecodable(_) => "what is stored cannot be read",
                    Unapplied::Misstated { .. } => "a statement is wrong",
                    _ => "the projection panicked: an event that has happened cannot be refused",
                };
                self.past
                    .story
                    .fail(headline, &[("But", story::chain(&error))])
            }
        }
    }

    fn take(&self, from: usize) -> Result<Applied<P>, Unapplied> {
        let appends = self.past.log.appends()[from..].iter();
        let events = appends.flat_map(Append::events);
        let mut routes = Routes::default();
        let page = Routing::<P>::read(events, &routes)?.routed(&mut routes)?;
        let views = page.keys().iter().map(|_| None).collect();
        page.apply(views)
    }
}

/// A statement a line, however it is laid out.
fn lines(statements: &[Statement]) -> String {
    let line = |statement: &Statement| {
        let text = statement.to_string();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<_> = statements.iter().map(line).collect();
    lines.join("\n")
}

impl<P> fmt::Debug for StatementsOf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementsOf").finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for ThenStatements<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThenStatements").finish_non_exhaustive()
    }
}
