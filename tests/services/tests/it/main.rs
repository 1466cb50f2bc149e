//! Private servers, with real programs and real processes.

mod copies;
#[cfg(target_os = "linux")]
mod guarded;
mod life;
mod starting;
mod url;

use ironflow_services::Postgres;

/// What psql answers, which must succeed.
fn sql(server: &Postgres, statement: &str) -> String {
    let output = server
        .command("psql")
        .args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
        ])
        .output()
        .expect("psql can be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statement}: {errors}");
    let answer = String::from_utf8(output.stdout).expect("psql writes UTF-8");
    answer.trim().to_owned()
}

fn started() -> Postgres {
    Postgres::start().unwrap_or_else(|error| panic!("{error}"))
}
