//! The tables of SQL projections: making, showing and dropping them, and filling them again where they
//! are parked.
//!
//! Every generation has tables of its own. What is asked is a view of the database under the plain
//! name, which shows the tables of the generation that serves. All of that follows from the [`Head`],
//! and is done in the transaction that changes it.

use std::sync::Arc;

use crate::model::projection::{Applied, Routes};
use crate::model::sql;
use crate::runtime::projection::definition::TableOf;
use crate::runtime::projection::follow::{Following, PAGE};
use crate::runtime::projection::head::Head;
use crate::runtime::projection::parked::{self, ParkedEvent, ParkedView};
use crate::runtime::projection::route::route;
use crate::runtime::projection::trouble::Trouble;
use crate::runtime::trying::full_text;
use crate::store::{
    Capabilities, Expected, LogPage, ReadLog, Revision, SqlDialect, SqlStatement, Store, Write,
    WriteError,
};
use crate::{EventRef, Projection, Statement, Table, Unpartitioned};

/// Writes the generations of a projection as they are after a change, last of the batch, and does
/// what that means for its tables.
pub(super) async fn write_head(
    store: &dyn Store,
    name: &str,
    (before, after): (Option<&Head>, &Head),
    expected: Expected,
    mut batch: Vec<Write>,
) -> Result<Vec<Option<Revision>>, WriteError> {
    batch.push(after.write(name, expected)?);
    write_with(store, batch, before, Some(after)).await
}

/// Writes a batch, and does to the tables what follows from the change of the generations.
pub(super) async fn write_with(
    store: &dyn Store,
    batch: Vec<Write>,
    before: Option<&Head>,
    after: Option<&Head>,
) -> Result<Vec<Option<Revision>>, WriteError> {
    let statements = changes(store, before, after)?;
    store.write_and_execute(batch, statements).await
}

/// What a change of the generations means for their tables.
pub(super) fn changes(
    store: &dyn Store,
    before: Option<&Head>,
    after: Option<&Head>,
) -> Result<Vec<SqlStatement>, WriteError> {
    let mut texts = Vec::new();
    let have_tables = [before, after].into_iter().flatten().any(|head| {
        let mut generations = head.generations.iter();
        !head.outdated_tables.is_empty()
            || generations.any(|generation| !generation.definition.tables.is_empty())
    });
    if !have_tables {
        return Ok(Vec::new());
    }
    let Some(dialect) = store.capabilities().sql else {
        return Err(Capabilities::unsupported("execute SQL").into());
    };
    for generation in after.iter().flat_map(|head| &head.generations) {
        let is_new = before.is_none_or(|head| head.generation(generation.number).is_none());
        if is_new {
            let tables = generation.definition.tables.iter();
            tables.for_each(|table| create(&mut texts, table, generation.number));
        }
    }
    let shown = |head: Option<&Head>| {
        let serving = head.and_then(Head::serving);
        serving.map(|it| (it.number, it.definition.tables.clone()))
    };
    show(&mut texts, dialect, shown(before), shown(after));
    let dropped = tables_of(before);
    let kept = tables_of(after);
    // Tables may refer to those that are declared before them.
    let dropped = dropped.iter().rev().filter(|table| !kept.contains(table));
    texts.extend(dropped.map(|table| format!("DROP TABLE IF EXISTS \"{table}\"")));
    let statement = |text: String| SqlStatement::new(text, Vec::new());
    Ok(texts.into_iter().map(statement).collect())
}

/// The names of all tables of all generations.
fn tables_of(head: Option<&Head>) -> Vec<String> {
    let Some(head) = head else {
        return Vec::new();
    };
    let outdated = head.outdated_tables.iter();
    let outdated = outdated.map(|table| Table::of_generation(&table.name, table.generation));
    let known = head.generations.iter().flat_map(|generation| {
        let tables = generation.definition.tables.iter();
        tables.map(|table| Table::of_generation(&table.name, generation.number))
    });
    outdated.chain(known).collect()
}

fn create(texts: &mut Vec<String>, table: &TableOf, generation: u32) {
    let name = Table::of_generation(&table.name, generation);
    let columns = sql::of_generation(&table.columns, generation);
    texts.push(format!("CREATE TABLE \"{name}\" ({columns})"));
    for (columns, number) in table.indexes.iter().zip(1..) {
        texts.push(format!(
            "CREATE INDEX \"{name}_index_{number}\" ON \"{name}\" ({columns})"
        ));
    }
}

/// What is shown under the plain names.
fn show(
    texts: &mut Vec<String>,
    dialect: SqlDialect,
    before: Option<(u32, Vec<TableOf>)>,
    after: Option<(u32, Vec<TableOf>)>,
) {
    let (before, shown_before) = before.unwrap_or_default();
    let (after, shown) = after.unwrap_or_default();
    if before == after {
        return;
    }
    // Where the columns stay, the view does, with whatever depends on it and who may read it.
    let stays = |table: &TableOf| {
        dialect == SqlDialect::Postgres && shown_before.contains(table) && shown.contains(table)
    };
    for TableOf { name, .. } in shown_before.iter().filter(|table| !stays(table)) {
        texts.push(format!("DROP VIEW IF EXISTS \"{name}\""));
    }
    for table in &shown {
        let name = &table.name;
        let or_replace = if stays(table) { "OR REPLACE " } else { "" };
        let of = Table::of_generation(name, after);
        texts.push(format!(
            "CREATE {or_replace}VIEW \"{name}\" AS SELECT * FROM \"{of}\""
        ));
    }
}

impl<P: Projection> Following<P> {
    /// Whether what is filled are tables.
    pub(super) const fn fills_tables() -> bool {
        !P::TABLES.is_empty()
    }

    /// What the events that were taken do to the tables of this generation.
    pub(super) fn statements(&self) -> Vec<SqlStatement> {
        let all = self.statements.iter().flat_map(|of| &of.statements);
        let statement = |Statement { sql, parameters }: &Statement| {
            let text = sql::of_generation(sql, self.generation);
            SqlStatement::new(text, parameters.clone())
        };
        all.map(statement).collect()
    }

    /// Which event led to the statement that was refused.
    pub(super) fn at_the_event(&self, error: WriteError) -> Trouble {
        let mut statements = self.statements.iter().flat_map(|of| {
            let statements = of.statements.iter();
            statements.map(|statement| (&of.event, statement))
        });
        let (at, sql, error) = match error {
            WriteError::Statement {
                index, sql, source, ..
            } => (statements.nth(index), sql, source),
            WriteError::Constraint { source, .. } => {
                let last = statements.last();
                // The smallest that can be tried is an append: others may need the whole of it.
                if self.page > 1 && last.is_some() {
                    return Trouble::Constraint(source);
                }
                let sql = "what makes or drops them breaks a constraint".to_owned();
                (last, sql, source)
            }
            error => return error.into(),
        };
        match at {
            Some((event, statement)) => Trouble::Statement {
                event: Box::new(event.clone()),
                key: Unpartitioned.to_string(),
                statement: statement.to_string(),
                error,
            },
            None => Trouble::Tables { sql, error },
        }
    }

    /// Goes on filling tables that were parked, by a page of the log.
    pub(super) async fn refill_tables(&mut self, parked: ParkedView) -> Result<(), Trouble> {
        let filled = self.refill_page(&parked).await;
        let Err(Trouble::Constraint(_)) = filled else {
            return filled;
        };
        // One append after the other, as far as that was.
        let before = std::mem::replace(&mut self.page, 1);
        let filled = self.refill_appends(&parked.key).await;
        self.page = before;
        filled
    }

    async fn refill_appends(&mut self, key: &str) -> Result<(), Trouble> {
        for _ in 0..PAGE {
            let parked = self.parked.as_ref().and_then(|all| all.get(key));
            let Some(parked) = parked.filter(|parked| parked.is_retried).cloned() else {
                break;
            };
            if self.stopping.is_told() {
                break;
            }
            self.refill_page(&parked).await?;
        }
        Ok(())
    }

    async fn refill_page(&mut self, parked: &ParkedView) -> Result<(), Trouble> {
        let read = ReadLog::after(parked.read_from()).matching(self.reads.clone());
        let page = self.store.read_log(read.limit(self.page)).await?;
        let mut up_to = None;
        while let Err(trouble) = self.refill(&page, parked, up_to).await {
            self.views.clear();
            self.statements.clear();
            self.besides.clear();
            let Some(event) = trouble.event() else {
                return Err(trouble);
            };
            // What comes before the event at fault must not wait for it. That may break a constraint,
            // too: then it is one of those.
            up_to = Some(ParkedEvent::new(event.clone(), full_text(&trouble)));
        }
        Ok(())
    }

    /// Takes a page into tables that are parked, up to the event that they stay parked for.
    async fn refill(
        &mut self,
        page: &LogPage,
        parked: &ParkedView,
        up_to: Option<ParkedEvent>,
    ) -> Result<(), Trouble> {
        let key = parked.key.clone();
        let end = self.position;
        let is_within = |event: &EventRef<'_>| {
            let up_to = up_to.as_ref().map(|event| event.position);
            event.position <= end && up_to.is_none_or(|up_to| event.position < up_to)
        };
        let events = page.events.iter().filter(is_within);
        let routed = route::<P>(&self.store, events, &mut Routes::default()).await?;
        let routed = routed.leaving_out(|_, event| parked.has(event) || parked.skips(event));
        let views = routed.keys().iter().map(|_| None).collect();
        let Applied {
            views, statements, ..
        } = routed.apply(views)?;
        self.views.change(views);
        self.statements = statements;
        let further = match up_to {
            Some(event) => Some(parked.clone().failed_again(event).taken_before_event()),
            None if page.at_end || page.read_to >= end => None,
            None => {
                // There is more to do before there is something to wait for.
                self.refolded.notify_one();
                Some(parked.clone().taken_to(page.read_to))
            }
        };
        self.besides.push(match &further {
            Some(further) => parked::write(further, P::NAME, self.generation)?,
            None => Write::delete(parked::key(P::NAME, self.generation, &key)),
        });
        // Where it is not written, what is parked is read again.
        let before = self.parked.clone();
        if let Some(all) = &mut self.parked {
            match further {
                Some(further) => all.insert(key, further),
                None => all.remove(&key),
            };
        }
        let written = self.write_views(false).await;
        if written.is_err() {
            self.parked = before;
        }
        written
    }
}

/// What an application needs of its store for these tables, and that no two projections have one of
/// the same name.
pub(crate) fn needed(
    tables: impl IntoIterator<Item = &'static Table>,
    store: &Arc<dyn Store>,
) -> Result<bool, &'static str> {
    let mut names = Vec::new();
    for table in tables {
        if names.contains(&table.name) {
            return Err(table.name);
        }
        names.push(table.name);
    }
    Ok(names.is_empty() || store.capabilities().sql.is_some())
}
