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
    let beside = measured
        .median()
        .filter(|_| measured.contender.role != Role::Ironflow)
        .and_then(|median| compared.ironflow_beside(median))
        .map(|ratio| format!("{ratio:.2}×"));
    [
        measured.contender.name.to_owned(),
        cell(measured.median()),
        cell(measured.min()),
        cell(measured.max()),
        cell(measured.p50_us()),
        cell(measured.p99_us()),
        beside.unwrap_or_default(),
        remarks(measured),
    ]
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
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [1.234, 56.78, 123.4, 1_234.0, 1_234_567.0].map(significant);
        assert_eq!(numbers, ["1.23", "56.8", "123", "1,234", "1,234,567"]);
    }
}
