//! The composition root: arguments in, a running service out.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ironflow_sqlite::Sqlite;
use lexopt::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot::{self, error::RecvError};

/// How long requests in flight may take to come to an end once the service has been told to stop.
const GRACE: Duration = Duration::from_secs(5);

const USAGE: &str = "\
An order service on Ironflow.

Usage:
  orders [--listen ADDR] [--database PATH]   serve HTTP
  orders demo                                play the walkthrough on a temporary database

Options:
  --listen ADDR     where to listen; port 0 takes a free one  [default: 127.0.0.1:9123]
  --database PATH   the SQLite file, made if it is not there   [default: orders.db]
  -h, --help        this text

Customers: cust-456 and cust-789; cust-666 is blocked.
Products: prod-1 and prod-2; prod-3 is sold out.";

enum Task {
    Serve {
        listen: SocketAddr,
        database: PathBuf,
    },
    Demo,
    Help,
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 9123));
    let mut database = PathBuf::from("orders.db");
    let mut demo = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => listen = parser.value()?.parse()?,
            Long("database") => database = parser.value()?.into(),
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(task) if task == "demo" && !demo => demo = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(if demo {
        Task::Demo
    } else {
        Task::Serve { listen, database }
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    let task = match parse(std::env::args_os().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        Task::Serve { listen, database } => serve(listen, database).await,
        Task::Demo => orders::demo::run().await,
        Task::Help => {
            println!("{USAGE}");
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Serves until told to stop, then finishes what is in flight.
async fn serve(listen: SocketAddr, database: PathBuf) -> Result<(), Box<dyn Error>> {
    let told_to_stop = told_to_stop()?;
    let store = Sqlite::open(&database).await?;
    let orders = orders::start(store.clone()).await?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    println!(
        "listening on http://{}, database {}",
        listener.local_addr()?,
        database.display()
    );

    let (stopping, is_stopping) = oneshot::channel();
    let server =
        axum::serve(listener, orders::api::router(orders.clone())).with_graceful_shutdown(async {
            told_to_stop.await;
            // Nobody listens any more where the server has ended by itself.
            let _ = stopping.send(());
        });
    let after_grace = async {
        is_stopping.await?;
        tokio::time::sleep(GRACE).await;
        Ok::<_, RecvError>(())
    };
    tokio::select! {
        ended = server.into_future() => ended?,
        Ok(()) = after_grace => eprintln!("some requests have not come to an end within {GRACE:?}: their connections are closed"),
    }
    orders.stop().await;
    store.close().await;
    println!("stopped");
    Ok(())
}

/// Waits for Ctrl-C, or for what a service manager sends. A signal is heeded from the call on, not
/// only once it is awaited.
#[cfg(unix)]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C. It is heeded from the call on, not only once it is awaited.
#[cfg(windows)]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}\n  because: {error}");
        cause = error.source();
    }
    text
}
