//! Runs the contenders by turns, and tells what was measured.

mod building;
mod contenders;
mod documents;
mod instructions;
mod json;
mod machine;
mod measure;
mod options;
mod plots;
mod programs;
mod results;
mod seeds;
mod slow_disk;
mod stores;
mod table;
mod workloads;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use self::building::Builds;
use self::contenders::{Contender, Role, Store};
use self::measure::Measurements;
pub(crate) use self::options::{Asked, Options, USAGE};
use self::programs::Programs;
use self::results::Compared;
use self::stores::Stores;
use self::workloads::Sizes;

/// Something went wrong that ends the run, or keeps a contender out of it.
pub(crate) type Failed = Box<dyn std::error::Error>;

pub(crate) fn run(options: &Options) -> Result<(), Failed> {
    let workloads = workloads::chosen(options)?;
    let contenders = chosen(options)?;
    if options.list {
        list(&contenders);
        return Ok(());
    }
    let takes_part = |contender: &&&Contender| {
        let mut workloads = workloads.iter();
        workloads.any(|workload| workload.is_for(contender))
    };
    let contenders: Vec<&'static Contender> =
        contenders.iter().filter(takes_part).copied().collect();

    let scratch = TempDir::new()?;
    // The server runs as somebody else, and loads a library from here.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))?;
    let programs = Programs::new(scratch.path());
    let contenders = programs.build(&contenders);
    let mut measurements = Measurements {
        contenders: &contenders,
        sizes: Sizes::of(options),
        programs: &programs,
        stores: Stores::new(&programs, scratch.path())?,
        builds: Builds::default(),
    };
    let mut results = Vec::new();
    for workload in &workloads {
        for store in Store::ALL {
            let compared = measurements.compare(workload, store);
            if !compared.is_empty() {
                println!("{}", table::text(&compared));
                results.push(compared);
            }
        }
        // After each of them, so that an hour's work is not lost with the last.
        write(options, &measurements, scratch.path(), &results)?;
    }
    let machine = machine::describe(scratch.path(), measurements.stores.server())?;
    println!("{}", machine.text());
    Ok(())
}

/// Writes what is known by now wherever it is wanted.
fn write(
    options: &Options,
    measurements: &Measurements<'_>,
    scratch: &Path,
    results: &[Compared],
) -> Result<(), Failed> {
    let Measurements {
        contenders, sizes, ..
    } = measurements;
    let machine = machine::describe(scratch, measurements.stores.server())?;
    if let Some(file) = &options.json {
        json::write(file, options, sizes, &machine, contenders, results)?;
    }
    if options.write_docs {
        documents::write(options, &machine, contenders, results)?;
    }
    if options.plots {
        plots::write(results)?;
    }
    Ok(())
}

/// Those that were asked for.
fn chosen(options: &Options) -> Result<Vec<&'static Contender>, Failed> {
    let peers = || contenders::ALL.iter().filter(|one| one.role == Role::Peer);
    for asked in options.peers.iter().flatten() {
        if asked != "none" && !peers().any(|peer| peer.name == asked) {
            return Err(format!("there is no peer {asked}: see --list").into());
        }
    }
    for asked in &options.stores {
        if !Store::ALL.iter().any(|store| store.name() == asked) {
            return Err(format!("there is no store {asked}: see --list").into());
        }
    }
    let is_chosen = |contender: &&Contender| {
        let store = contender.store.name();
        let on_store = options.stores.is_empty() || options.stores.iter().any(|one| one == store);
        let among_peers = match &options.peers {
            Some(peers) => {
                contender.role != Role::Peer || peers.iter().any(|p| p == contender.name)
            }
            None => true,
        };
        on_store && among_peers
    };
    Ok(contenders::ALL.iter().filter(is_chosen).collect())
}

fn list(contenders: &[&Contender]) {
    println!("Workloads");
    for workload in workloads::all() {
        println!("  {:<20} {}", workload.name, workload.unit());
    }
    println!("\nContenders");
    for contender in contenders {
        println!("  {:<20} {}", contender.name, contender.store);
    }
}

/// The folder of this crate, where the contenders lie.
fn benches() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the book is.
fn book() -> PathBuf {
    benches().join("../docs/src")
}
