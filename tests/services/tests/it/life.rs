//! Stopped, killed, started again.

use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::Duration;
#[cfg(unix)]
use std::{fs, process};

use crate::{sql, started};

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[test]
fn what_was_committed_survives_a_stop_and_a_kill() {
    let mut server = started();
    let (port, url) = (server.port(), server.url());
    sql(&server, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");

    server.stop().expect("a server can be stopped");
    assert!(!listens(port));
    server.restart().expect("it starts again");
    sql(&server, "INSERT INTO t VALUES (2)");

    server.kill().expect("a server can be killed");
    assert!(!listens(port));
    server.restart().expect("it recovers");
    assert_eq!(sql(&server, "SELECT sum(n) FROM t"), "3");
    assert_eq!(server.url(), url);
}

#[test]
#[cfg(unix)]
fn a_server_that_somebody_else_killed_recovers() {
    let mut server = started();
    sql(&server, "CREATE TABLE t AS SELECT 1 AS n");
    let lock = server.data_directory().join("postmaster.pid");
    let lock = fs::read_to_string(lock).expect("a server has a lock file");
    let killed = process::Command::new("kill")
        .args([
            "-KILL",
            lock.lines().next().expect("the first line is its id"),
        ])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    // Its other processes may take a while to notice.
    server.restart().expect("it recovers");
    assert_eq!(sql(&server, "SELECT n FROM t"), "1");
}

#[test]
fn what_is_done_twice_is_done_once() {
    let mut server = started();
    server.kill().expect("a server can be killed");
    server.kill().expect("one that is dead already, too");
    server.stop().expect("and stopped");
    server.restart().expect("it recovers");
    server.restart().expect("and starts again, running");
    server.stop().expect("a server can be stopped");
    server.stop().expect("one that is down already, too");
}

#[test]
fn a_server_is_killed_and_recovers_with_clients_at_work_again_and_again() {
    let mut server = started();
    sql(&server, "CREATE TABLE t (n serial)");
    for round in 1..=3 {
        let mut client = server
            .command("psql")
            .args(["-X", "-q", "-c", "INSERT INTO t DEFAULT VALUES", "-c"])
            .arg("INSERT INTO t SELECT FROM generate_series(1, 1000000000)")
            .stderr(Stdio::null()) // it complains, and rightly
            .spawn()
            .expect("psql can be run");
        while sql(&server, "SELECT count(*) FROM t") != round.to_string() {
            thread::sleep(Duration::from_millis(5));
        }
        server.kill().expect("a server can be killed at work");
        assert!(!client.wait().expect("psql ends").success());
        server.restart().expect("it recovers");
    }
    assert_eq!(sql(&server, "SELECT count(*) FROM t"), "3");
}
