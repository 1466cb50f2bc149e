//! How the process ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;

use crate::history::{history, views_agree};
use crate::service::{Home, eventually, orders, placing};
use crate::walkers::{
    CUSTOMERS, Walker, executed_without_an_answer, nothing_lost_nothing_doubled, walk,
};

#[test]
fn ctrl_c_finishes_what_is_in_flight() {
    let home = Home::new();
    let mut walkers: Vec<_> = (0..8).map(Walker::new).collect();
    for round in [5, 100, 50] {
        let service = home.start();
        let (steps, walking) = walk(&service, walkers);
        for _ in 0..round {
            steps.recv().unwrap();
        }
        service.stop("INT");
        walkers = walking
            .into_iter()
            .map(|walker| walker.join().unwrap())
            .collect();

        let service = home.start();
        let client = service.client();
        let histories = nothing_lost_nothing_doubled(&client, &walkers);
        // Whatever was executed was answered, with a whole answer.
        assert_eq!(
            executed_without_an_answer(&walkers, &histories),
            Vec::<&_>::new()
        );
        for walker in &mut walkers {
            assert!(!walker.try_again(&client));
        }
        let histories = nothing_lost_nothing_doubled(&client, &walkers);
        views_agree(&client, &histories, &CUSTOMERS);
        service.stop("TERM");
    }
}

#[test]
fn a_request_that_has_begun_before_the_signal_is_answered_after_it() {
    let home = Home::new();
    let service = home.start();
    let body = placing("1", "cust-456").to_string();
    let head = "POST /api/orders HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n";
    let mut stream = TcpStream::connect(service.address()).unwrap();
    write!(stream, "{head}content-length: {}\r\n\r\n", body.len()).unwrap();
    let mut told_to_go_on = [0; 25];
    stream.read_exact(&mut told_to_go_on).unwrap();
    assert_eq!(&told_to_go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    service.signal("INT");
    eventually(|| match TcpStream::connect(service.address()) {
        Ok(_) => Err("it still takes connections".to_owned()),
        // Refused, or reset where it came at the very moment of closing.
        Err(_) => Ok(()),
    });
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    assert!(answer.ends_with("\"entityVersion\":1}"), "{answer}");
    service.stopped();

    let service = home.start();
    assert_eq!(history(&service.client(), "1").unwrap().len(), 1);
}

#[test]
fn a_stopped_service_leaves_one_file_with_everything_in_it() {
    let home = Home::new();
    let service = home.start();
    service.client().place("1", "cust-456").expect(202);
    service.stop("INT");
    let mut files: Vec<_> = std::fs::read_dir(home.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.retain(|name| name.to_str().unwrap().starts_with("orders.db"));
    assert_eq!(files, ["orders.db"]);
}

#[test]
fn a_signal_is_heeded_as_soon_as_the_service_says_that_it_listens() {
    let home = Home::new();
    for _ in 0..10 {
        home.start().stop("INT");
        home.start().stop("TERM");
    }
}

#[test]
fn idle_connections_do_not_keep_it_from_stopping() {
    let home = Home::new();
    let service = home.start();
    let silent = TcpStream::connect(service.address()).unwrap();
    let mut idle = TcpStream::connect(service.address()).unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    service.stop("INT");
    drop((silent, idle));
}

#[test]
fn a_request_that_never_ends_does_not_keep_it_from_stopping() {
    let home = Home::new();
    let service = home.start();
    let begin = |text: &str| {
        let mut stream = TcpStream::connect(service.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let in_head = begin("POST /api/orders HTTP/1.1\r\nhost: x\r\n");
    let mut in_body = begin(
        "POST /api/orders HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n",
    );
    // Now the body is being waited for.
    let mut told_to_go_on = [0; 12];
    in_body.read_exact(&mut told_to_go_on).unwrap();
    assert_eq!(&told_to_go_on, b"HTTP/1.1 100");
    service.stop("INT");
    drop((in_head, in_body));
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = orders().args(arguments).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

#[test]
fn help_is_asked_for() {
    for option in ["--help", "-h"] {
        let (code, out, err) = run(&[option]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        for word in ["Usage:", "orders demo", "--listen ADDR", "--database PATH"] {
            assert!(out.contains(word), "{word} is missing in {out}");
        }
    }
}

#[test]
fn what_is_not_understood_ends_with_the_usage() {
    for (arguments, problem) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["serve"], "serve"),
        (&["demo", "demo"], "demo"),
        (&["--listen"], "--listen"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--database"], "--database"),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        let (first, usage) = err.split_once('\n').unwrap();
        assert!(first.contains(problem), "{first}");
        assert!(usage.contains("Usage:"), "{err}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_said_in_one_sentence() {
    let home = Home::new();
    let missing = home.folder().join("no-such-folder");
    let database = missing.join("orders.db");
    let (code, out, err) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--database",
        database.to_str().unwrap(),
    ]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(
        err.contains(&format!("there is no directory {}", missing.display())),
        "{err}"
    );

    let not_a_database = home.folder().join("notes.txt");
    std::fs::write(
        &not_a_database,
        "milk, eggs, a very long list of things ".repeat(100),
    )
    .unwrap();
    let (code, out, err) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--database",
        not_a_database.to_str().unwrap(),
    ]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("is not a SQLite database"), "{err}");
    assert!(
        std::fs::read_to_string(&not_a_database)
            .unwrap()
            .starts_with("milk, eggs")
    );
}

#[test]
fn a_port_that_is_taken_is_said_in_one_sentence() {
    let home = Home::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, out, err) = run(&[
        "--listen",
        &address,
        "--database",
        home.database().to_str().unwrap(),
    ]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(
        err.starts_with(&format!("error: cannot listen on {address}: ")),
        "{err}"
    );
    // The one who has the port is not disturbed.
    other.set_nonblocking(true).unwrap();
    assert_eq!(other.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
