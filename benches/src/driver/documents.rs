//! The tables of the book.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use super::Failed;
use super::contenders::Contender;
use super::machine::Machine;
use super::options::Options;
use super::plots;
use super::programs;
use super::results::Compared;
use super::table;

const BEGIN: &str =
    "<!-- what follows is written by `cargo run --release -p ironflow-benches -- --write-docs` -->";
const END: &str = "<!-- until here -->";

pub(crate) fn write(
    options: &Options,
    machine: &Machine,
    contenders: &[&Contender],
    results: &[Compared],
) -> Result<(), Failed> {
    let path = crate::driver::book().join("performance.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the tables have no place")?;
    let (_, after) = rest.split_once(END).ok_or("the tables have no end")?;
    let mut tables = String::new();
    if options.quick {
        tables.push_str("\nMeasured with `--quick`: to see that everything works, and no claim.\n");
    }
    write!(tables, "\n{}.\n", machine.text())?;
    let programs: BTreeSet<&str> = contenders.iter().map(|one| one.program).collect();
    let mut versions = BTreeSet::new();
    for program in programs {
        for (name, version) in programs::versions(program)? {
            versions.insert(format!("{name} {version}"));
        }
    }
    let versions: Vec<String> = versions.into_iter().collect();
    write!(tables, "\n{}.\n", versions.join(", "))?;
    tables.push_str(&table::summary(results));
    for compared in results {
        tables.push_str(&table::markdown(compared));
        if options.plots {
            let plot = plots::file_name(compared);
            writeln!(
                tables,
                "\n![{}](performance/{plot})",
                table::title(compared)
            )?;
        }
    }
    fs::write(path, format!("{before}{BEGIN}\n{tables}\n{END}{after}"))?;
    Ok(())
}
