//! Two servers.

use crate::{sql, started};

#[test]
fn two_servers_know_nothing_of_each_other() {
    let (one, other) = (started(), started());
    assert_ne!(one.port(), other.port());
    sql(&one, "CREATE TABLE only_here ()");
    sql(&other, "CREATE TABLE only_here ()");
}

#[test]
fn a_copy_has_what_the_first_had_and_goes_its_own_way() {
    let mut first = started();
    sql(&first, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let mut copy = first.copy().expect("a server can be copied");
    assert_ne!(first.port(), copy.port());
    assert_ne!(first.data_directory(), copy.data_directory());
    sql(&first, "INSERT INTO t VALUES (10)");
    sql(&copy, "INSERT INTO t VALUES (100)");
    assert_eq!(sql(&first, "SELECT sum(n) FROM t"), "11");

    drop(first);
    copy.restart().expect("a copy is a server of its own");
    assert_eq!(sql(&copy, "SELECT sum(n) FROM t"), "101");
}

#[test]
fn what_does_not_run_is_copied_as_it_is() {
    let mut first = started();
    sql(&first, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    first.kill().expect("a server can be killed");
    let copy = first.copy().expect("a dead server can be copied");
    assert_eq!(sql(&copy, "SELECT sum(n) FROM t"), "1");

    let down = first.command("pg_isready").output();
    let down = down.expect("pg_isready can be run");
    assert!(!down.status.success(), "the first was down, and still is");
    first.restart().expect("it recovers");
    assert_eq!(sql(&first, "SELECT sum(n) FROM t"), "1");
}
