//! The server for all tests.

use std::env;
use std::process::{Command, Output};

use ironflow_services::{POSTGRES_VARIABLE, postgres_url};

#[test]
#[ignore = "for the next tests, in a process with another environment"]
fn asks() {
    let url = postgres_url();
    assert_eq!(url, "postgres://somewhere");
}

fn asked(url: Option<&str>) -> Output {
    let mut test = Command::new(env::current_exe().expect("a test knows itself"));
    test.args(["--exact", "url::asks", "--ignored"]);
    match url {
        Some(url) => test.env(POSTGRES_VARIABLE, url),
        None => test.env_remove(POSTGRES_VARIABLE),
    };
    test.output().expect("the tests can be run")
}

#[test]
fn a_test_without_a_server_says_how_to_get_one() {
    for none in [None, Some("")] {
        let output = asked(none);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{said}");
        let sentence = "this test needs a Postgres server: run it with `cargo xtask test`, which starts one, or set \
                        IRONFLOW_POSTGRES to the URL of yours";
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn a_test_is_told_where_the_server_is() {
    let output = asked(Some("postgres://somewhere"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
