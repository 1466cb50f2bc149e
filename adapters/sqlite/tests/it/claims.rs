//! Claims of several processes, of which one is killed or stands still.

use std::io::BufReader;
use std::time::{Duration, SystemTime};

use ironflow_domain::{Claim, Claimed, Claims, Pending, Timestamp};
use ironflow_sqlite::Sqlite;
use tokio::time::{sleep, timeout};

use crate::given::new_file;
use crate::processes::{Mortal, hear, is_child, open_shared, own_number, start, tell};

/// Long enough for a heartbeat on a busy machine.
const LEASE: Duration = Duration::from_millis(1_500);
const SOON: Duration = Duration::from_mins(1);

async fn open_claims() -> Claims {
    Claims::new(open_shared().await).lease(LEASE)
}

/// Wins the id in a child, and tells.
async fn win_and_tell() -> Claim {
    let Claimed::Won(claim) = open_claims()
        .await
        .try_claim("cmd-1", "child")
        .await
        .unwrap()
    else {
        panic!("nobody else has claimed it yet");
    };
    tell("won");
    claim
}

async fn pending(claims: &Claims) -> Pending {
    match claims.try_claim("cmd-1", "parent").await.unwrap() {
        Claimed::Pending(pending) => pending,
        other => panic!("the owner lives: {other:?}"),
    }
}

/// Tries until nobody has it any more: what was won, until when the one before had it, and when it
/// was won.
async fn take_over(claims: &Claims) -> (Claim, Timestamp, Timestamp) {
    let mut until = pending(claims).await.until();
    let trying = async {
        loop {
            match claims.try_claim("cmd-1", "parent").await.unwrap() {
                Claimed::Won(claim) => return (claim, until, SystemTime::now().into()),
                Claimed::Pending(pending) => until = pending.until(),
                Claimed::Finalized(done) => panic!("nobody has finalized it: {done:?}"),
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, trying).await.expect("the lease lapses")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_followed_when_it_is_killed_and_never_before() {
    if is_child() {
        let _claim = win_and_tell().await;
        // The parent kills it, or has been killed itself.
        return sleep(SOON).await;
    }
    let (_directory, path) = new_file();
    let test = "claims::an_owner_is_followed_when_it_is_killed_and_never_before";
    let (child, mut out) = Mortal::start(test, 1, &path);
    assert_eq!(hear(&mut out).as_deref(), Some("won"));
    let claims = Claims::new(Sqlite::open(&path).await.unwrap()).lease(LEASE);

    let first = pending(&claims).await.until();
    while pending(&claims).await.until() - first < 3 * LEASE {
        sleep(Duration::from_millis(10)).await;
    }
    drop(child);

    let (claim, until, won) = take_over(&claims).await;
    assert!(
        won >= until,
        "won at {won}, and the lease was until {until}"
    );
    let former = claim.taken_over().expect("it was killed in the middle");
    assert_eq!(former.claims::<String>().unwrap(), ["child"]);
    claim.finalize("done").await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_is_told_that_it_has_lost_its_claim() {
    if is_child() {
        let claim = win_and_tell().await;
        let losing = timeout(SOON, claim.lost()).await;
        losing.expect("someone else has it");
        tell("lost");
        return tell(&claim.finalize("child").await.unwrap_err().to_string());
    }
    let (_directory, path) = new_file();
    let test = "claims::a_process_that_stood_still_is_told_that_it_has_lost_its_claim";
    let (mut child, mut out) = Mortal::start(test, 1, &path);
    assert_eq!(hear(&mut out).as_deref(), Some("won"));
    let pid = child.0.id().to_string();
    let signal = |name: &str| {
        let mut kill = std::process::Command::new("kill");
        let sent = kill.args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    let claims = Claims::new(Sqlite::open(&path).await.unwrap()).lease(LEASE);
    let (claim, ..) = take_over(&claims).await;
    claim.finalize("parent").await.unwrap();

    signal("-CONT");
    assert_eq!(hear(&mut out).as_deref(), Some("lost"));
    let told = hear(&mut out).unwrap();
    assert!(told.contains("another owner has finalized it"), "{told}");
    assert!(child.0.wait().unwrap().success());
    let Claimed::Finalized(done) = claims.try_claim("cmd-1", "parent").await.unwrap() else {
        panic!("what is finalized stays so");
    };
    assert_eq!(done.result::<String>().unwrap(), "parent");
}

const RACERS: u8 = 4;
const RACES: u8 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_one_wins() {
    if is_child() {
        return race().await;
    }
    let (_directory, path) = new_file();
    let start = |number| start("claims::of_many_processes_one_wins", number, &path);
    let mut children: Vec<_> = (1..=RACERS).map(start).collect();
    let mut told = Vec::new();
    for child in &mut children {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        told.extend(std::iter::from_fn(|| hear(&mut out)));
        assert!(child.wait().unwrap().success());
    }
    let claims = Claims::new(Sqlite::open(&path).await.unwrap());
    for race in 0..RACES {
        let id = format!("cmd-{race}");
        let Claimed::Finalized(done) = claims.try_claim(&*id, &()).await.unwrap() else {
            panic!("{id} has been finalized");
        };
        let winner: u8 = done.result().unwrap();
        let won: Vec<_> = told
            .iter()
            .filter(|told| told.ends_with(&format!(" won {id}")))
            .collect();
        assert_eq!(won, [&format!("{winner} won {id}")]);
    }
}

/// One id after the other; nobody goes on before one is finalized.
async fn race() {
    let claims = Claims::new(open_shared().await);
    for race in 0..RACES {
        let id = format!("cmd-{race}");
        loop {
            match claims.try_claim(&*id, &()).await.unwrap() {
                Claimed::Won(claim) => {
                    tell(&format!("{} won {id}", own_number()));
                    claim.finalize(&own_number()).await.unwrap();
                }
                Claimed::Pending(_) => sleep(Duration::from_millis(1)).await,
                Claimed::Finalized(_) => break,
            }
        }
    }
}
