//! Results for programs.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Failed;
use super::contenders::{Contender, Role};
use super::machine::Machine;
use super::options::Options;
use super::programs;
use super::results::{Compared, Measured};
use super::workloads::Sizes;

pub(crate) fn write(
    file: &Path,
    options: &Options,
    sizes: &Sizes,
    machine: &Machine,
    contenders: &[&Contender],
    results: &[Compared],
) -> Result<(), Failed> {
    let mut versions = Map::new();
    for contender in contenders {
        if !versions.contains_key(contender.program) {
            let of_program = json!(programs::versions(contender.program)?);
            versions.insert(contender.program.to_owned(), of_program);
        }
    }
    let facts = machine.facts.iter();
    let facts: Map<String, Value> = facts
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let all = json!({
        "runs": results.iter().map(run).collect::<Vec<_>>(),
        "settings": { "quick": options.quick, "sizes": format!("{sizes:?}") },
        "machine": facts,
        "versions": versions,
    });
    fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?;
    Ok(())
}

fn run(compared: &Compared) -> Value {
    let peers = compared.measured.iter();
    let peers: Map<String, Value> = peers
        .filter(|measured| measured.contender.role == Role::Peer)
        .map(|measured| (measured.contender.name.to_owned(), json!(measured.median())))
        .collect();
    let details = compared.measured.iter();
    let details: Map<String, Value> = details
        .map(|measured| (measured.contender.name.to_owned(), detail(measured)))
        .collect();
    json!({
        "workload": compared.workload.name,
        "unit": compared.workload.unit(),
        "store": compared.store.name(),
        "ironflow": compared.best(Role::Ironflow),
        "peers": peers,
        "limit": compared.best(Role::Raw),
        "bare": compared.best(Role::Bare),
        "details": details,
    })
}

fn detail(measured: &Measured) -> Value {
    let role = match measured.contender.role {
        Role::Ironflow => "ironflow",
        Role::Peer => "peer",
        Role::Raw => "raw",
        Role::Bare => "bare",
    };
    json!({
        "role": role,
        "median": measured.median(),
        "min": measured.min(),
        "max": measured.max(),
        "rounds": measured.rounds,
        "p50_us": measured.p50_us(),
        "p99_us": measured.p99_us(),
        "retries": measured.retries,
        "failures": measured.failures,
        "remark": measured.remark,
        "missing": measured.missing,
    })
}
