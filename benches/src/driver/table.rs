//! Results for people: aligned at a terminal, and in Markdown.

use std::fmt::Write;

use super::contenders::Role;
use super::results::{Compared, Measured};

const HEADINGS: [&str; 8] = [
    "contender",
    "median",
    "min",
    "max",
    "p50 µs",
    "p99 µs",
    "Ironflow is",
    "remarks",
];

/// Aligned columns.
pub(crate) fn text(compared: &Compared) -> String {
    let rows = rows(compared);
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = format!("\n{}\n", title(compared));
    for row in std::iter::once(HEADINGS.map(str::to_owned)).chain(rows) {
        let mut line = format!("  {:<width$}", row[0], width = widths[0]);
        for (cell, width) in row[1..7].iter().zip(&widths[1..7]) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = write!(line, "  {}", row[7]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A table of the book.
pub(crate) fn markdown(compared: &Compared) -> String {
    let mut text = format!("\n**{}**\n\n", title(compared));
    let _ = writeln!(text, "| {} |", HEADINGS.join(" | "));
    text.push_str("|---|---:|---:|---:|---:|---:|---:|---|\n");
    for row in rows(compared) {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// All workloads in one table of the book: Ironflow, the best peer, and the best that is written by
/// hand and stores as much.
pub(crate) fn summary(results: &[Compared]) -> String {
    let mut text =
        "\n| workload | Ironflow | best peer | Ironflow is | best by hand | Ironflow is |\n\
                    |---|---:|---|---:|---|---:|\n"
            .to_owned();
    for compared in results {
        let ours = compared.best(Role::Ironflow).map(significant);
        let [peer, by_hand] = [Role::Peer, Role::Raw].map(|role| {
            let best = compared.best_of(role);
            let name = best.map(|best| best.contender.name).unwrap_or_default();
            let ratio = best.and_then(|best| beside(compared, best));
            format!("{name} | {}", ratio.unwrap_or_default())
        });
        let (title, ours) = (title(compared), ours.unwrap_or_default());
        let _ = writeln!(text, "| {title} | {ours} | {peer} | {by_hand} |");
    }
    text
}

/// What was measured.
pub(crate) fn title(compared: &Compared) -> String {
    let Compared {
        workload, store, ..
    } = compared;
    format!("{} on {store}, {}", workload.name, workload.unit())
}

fn rows(compared: &Compared) -> Vec<[String; 8]> {
    let ranked = compared.ranked().into_iter();
    ranked.map(|measured| row(compared, measured)).collect()
}

fn row(compared: &Compared, measured: &Measured) -> [String; 8] {
    let cell = |number: Option<f64>| number.map(significant).unwrap_or_default();
    let ratio = beside(compared, measured);
    let ratio = ratio.filter(|_| measured.contender.role != Role::Ironflow);
    [
        measured.contender.name.to_owned(),
        cell(measured.median()),
        cell(measured.min()),
        cell(measured.max()),
        cell(measured.p50_us()),
        cell(measured.p99_us()),
        ratio.unwrap_or_default(),
        remarks(measured),
    ]
}

/// How many times as good as this one Ironflow is.
fn beside(compared: &Compared, measured: &Measured) -> Option<String> {
    let ratio = compared.ironflow_beside(measured.median()?)?;
    Some(format!("{ratio:.2}×"))
}

fn remarks(measured: &Measured) -> String {
    let mut remarks: Vec<String> = Vec::new();
    remarks.extend(measured.missing.as_ref().map(|why| format!("none: {why}")));
    if measured.retries > 0 {
        remarks.push(format!("{} retries", measured.retries));
    }
    if measured.failures > 0 {
        remarks.push(format!("{} failures", measured.failures));
    }
    remarks.extend(measured.remark.clone());
    remarks.join("; ").replace('|', "/")
}

/// Three digits that count, and thousands apart.
fn significant(number: f64) -> String {
    if number < 10.0 {
        return format!("{number:.2}");
    }
    if number < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::contenders::{self, Store};
    use super::super::workloads;
    use super::*;

    #[test]
    fn the_summary_names_the_best_of_each_kind() {
        let numbers = [
            ("ironflow", 30.0),
            ("cqrs-es", 10.0),
            ("evento", 5.0),
            ("raw", 40.0),
            ("bare", 90.0),
        ];
        let measured = numbers.map(|(name, number)| {
            let mut all = contenders::ALL.iter();
            let contender = all.find(|one| one.name == name && one.store == Store::Sqlite);
            let mut measured = Measured::new(contender.unwrap());
            measured.rounds.push(number);
            measured
        });
        let compared = Compared {
            workload: workloads::all().remove(0),
            store: Store::Sqlite,
            measured: measured.into(),
        };
        let row = "| command/1 on sqlite, commands/s | 30.0 | cqrs-es | 3.00× | raw | 0.75× |";
        assert_eq!(summary(&[compared]).lines().last(), Some(row));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [1.234, 56.78, 123.4, 1_234.0, 1_234_567.0].map(significant);
        assert_eq!(numbers, ["1.23", "56.8", "123", "1,234", "1,234,567"]);
    }
}
