//! With which settings, on which data, and what is said when it fails.

use std::env;
use std::process::Command;

use ironflow_services::{Postgres, ServiceError};

use crate::{sql, started};

#[test]
fn everything_is_as_postgres_ships_but_what_a_test_needs() {
    let server = started();
    let changed = "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE source = 'command line' \
                   AND name <> 'data_directory'";
    let expected = format!(
        "listen_addresses=127.0.0.1 max_connections=200 port={} unix_socket_directories=",
        server.port()
    );
    assert_eq!(sql(&server, changed), expected);
    assert_eq!(sql(&server, "SHOW fsync"), "on");
    assert_eq!(sql(&server, "SHOW synchronous_commit"), "on");
}

#[test]
fn settings_and_environment_are_the_servers() {
    let server = Postgres::builder()
        .setting("max_connections", "20")
        .setting("application_name", "with a space")
        .environment("IRONFLOW_SEEN", "yes")
        .start()
        .expect("a server starts");
    assert_eq!(sql(&server, "SHOW max_connections"), "20");
    assert_eq!(sql(&server, "SHOW application_name"), "psql");
    let seen = "CREATE TABLE seen (line text); COPY seen FROM PROGRAM 'echo $IRONFLOW_SEEN'; SELECT line FROM seen";
    assert_eq!(sql(&server, seen), "yes");
}

#[test]
fn data_in_a_directory_of_ones_own_stays() {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    // Root's own directory is closed to whom the server runs as.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).expect("it is ours");
    }
    let data = directory.path().join("data");
    let start = || Postgres::builder().data(&data).start();
    let first = start().expect("a server starts");
    sql(&first, "CREATE TABLE t AS SELECT 1 AS n");
    drop(first);
    let second = start().expect("another starts on its data");
    assert_eq!(sql(&second, "SELECT n FROM t"), "1");
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let error = Postgres::builder()
        .setting("max_connections", "many")
        .start()
        .expect_err("that is no number");
    assert!(matches!(error, ServiceError::Failed { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.starts_with("failed to start Postgres"), "{said}");
    assert!(said.contains("invalid value for parameter"), "{said}");
}

#[test]
#[ignore = "for the next test, in a process with another environment"]
fn start_anyhow() {
    if let Err(error) = Postgres::start() {
        panic!("{error}");
    }
}

#[test]
fn a_place_that_is_named_is_the_only_one() {
    let output = Command::new(env::current_exe().expect("a test knows itself"))
        .args(["--exact", "starting::start_anyhow", "--ignored"])
        .env("IRONFLOW_POSTGRES_BIN", "/nowhere")
        .output()
        .expect("the tests can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("IRONFLOW_POSTGRES_BIN: there is no /nowhere/postgres"),
        "{said}"
    );
}
