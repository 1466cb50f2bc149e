//! Imports go down only: who depends on whom is decided here, not in passing.

use std::collections::BTreeSet;
use std::process::Command;

/// The crates that `package` is built from with these features, as cargo sees them.
fn built_from(package: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--quiet",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .args(["--format", "{p}", "--package", package])
        .args(features)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// Of these, the ones that `package` is built from.
fn among<'n>(package: &str, features: &[&str], names: &[&'n str]) -> Vec<&'n str> {
    let built_from = built_from(package, features);
    assert!(built_from.contains(package), "{built_from:?}");
    names
        .iter()
        .filter(|name| built_from.contains(**name))
        .copied()
        .collect()
}

const ABOVE_THE_DOMAIN: [&str; 5] = [
    "ironflow-testing",
    "ironflow-sqlite",
    "ironflow-http",
    "axum",
    "rusqlite",
];

#[test]
fn a_domain_without_a_runtime_compiles_without_tokio_and_without_json() {
    let above = [
        "tokio",
        "async-trait",
        "tracing",
        "fastrand",
        "thiserror",
        "uuid",
        "serde_json",
    ];
    for features in ["", "derive"] {
        let features = ["--no-default-features", "--features", features];
        assert_eq!(among("ironflow-domain", &features, &above), [""; 0]);
    }
}

#[test]
fn the_domain_knows_no_adapter() {
    assert_eq!(among("ironflow-domain", &[], &ABOVE_THE_DOMAIN), [""; 0]);
}

#[test]
fn the_macros_know_nothing_of_ours() {
    assert_eq!(
        among(
            "ironflow-derive",
            &[],
            &["ironflow-domain", "ironflow-testing", "tokio"]
        ),
        [""; 0]
    );
}

#[test]
fn an_adapter_knows_no_other_adapter_and_no_test_kit() {
    let others = ["ironflow-testing", "ironflow-http", "axum"];
    assert_eq!(among("ironflow-sqlite", &[], &others), [""; 0]);
    let others = ["ironflow-testing", "ironflow-sqlite", "rusqlite"];
    assert_eq!(among("ironflow-http", &[], &others), [""; 0]);
}

#[test]
fn an_adapter_takes_the_floor_it_needs_and_no_default_features() {
    // The macros are a default feature; fastrand comes with the runtime.
    let unasked = ["ironflow-derive", "fastrand"];
    assert_eq!(among("ironflow-sqlite", &[], &unasked), [""; 0]);
    assert_eq!(among("ironflow-http", &[], &unasked), ["fastrand"]);
}

#[test]
fn the_test_kit_needs_no_store_and_starts_no_runtime() {
    let stores = [
        "ironflow-sqlite",
        "ironflow-http",
        "rusqlite",
        "axum",
        "tokio",
    ];
    assert_eq!(among("ironflow-testing", &[], &stores), [""; 0]);
}
