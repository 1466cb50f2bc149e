//! Claims: one winner, results, takeovers, and every point at which a store or a process may fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ironflow_domain::store::{
    Entry, Key, KeyRange, KeyValueStore, MemoryStore, Revision, StoreError, StoreErrorKind, Write,
    WriteError, async_trait,
};
use ironflow_domain::{
    Claim, ClaimError, ClaimLost, Claimed, Claims, FinalizeError, Finalized, Ironflow, LostTo,
    Pending, ReleaseError,
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// Short enough to wait for, and long enough for a heartbeat on a busy machine.
const LEASE: Duration = Duration::from_millis(800);
const SHORT: Duration = Duration::from_millis(100);
const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Charging {
    cents: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Payment {
    number: u32,
}

const CHARGING: Charging = Charging { cents: 1200 };
const PAYMENT: Payment = Payment { number: 7 };

async fn try_claim(claims: &Claims, id: &str) -> Claimed {
    claims.try_claim(id, &CHARGING).await.unwrap()
}

async fn win(claims: &Claims, id: &str) -> Claim {
    won(try_claim(claims, id).await)
}

fn won(claimed: Claimed) -> Claim {
    match claimed {
        Claimed::Won(claim) => claim,
        other => panic!("it should have been won: {other:?}"),
    }
}

async fn pending(claims: &Claims, id: &str) -> Pending {
    match try_claim(claims, id).await {
        Claimed::Pending(pending) => pending,
        other => panic!("it should be pending: {other:?}"),
    }
}

async fn finalized(claims: &Claims, id: &str) -> Finalized {
    match try_claim(claims, id).await {
        Claimed::Finalized(finalized) => finalized,
        other => panic!("it should be finalized: {other:?}"),
    }
}

/// Tries until nobody has it any more.
async fn take_over(claims: &Claims, id: &str) -> Claim {
    let winning = async {
        loop {
            if let Claimed::Won(claim) = try_claim(claims, id).await {
                return claim;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(SOON, winning).await.expect("a lease lapses")
}

/// What the owners before had claimed.
fn former(claim: &Claim) -> Vec<Charging> {
    let former = claim.taken_over().map(|former| former.claims().unwrap());
    former.unwrap_or_default()
}

/// Waits until a claim was renewed so often that it stands for that much longer. Looks beside the
/// claims, and writes nothing.
async fn renewed(store: &impl KeyValueStore, for_longer: Duration) {
    let key = Key::new("claims", "cmd-1");
    let until = async || {
        let entry = store.get(&key).await.unwrap().expect("it is held");
        entry.expires_at.expect("it lapses")
    };
    let first = until().await;
    while until().await - first < for_longer {
        sleep(Duration::from_millis(5)).await;
    }
}

/// What a write will be to whoever asks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Done,
    /// It does not happen.
    Refused,
    /// It does not happen, and would not if it were asked for again.
    Broken,
    /// It happens, and the answer is lost.
    Lost,
    /// It does not happen, and there is never an answer.
    Hangs,
}

/// A store whose next writes have a fate, and all others another.
#[derive(Clone)]
struct Scripted {
    store: MemoryStore,
    next: Arc<Mutex<VecDeque<Fate>>>,
    then: Arc<Mutex<Fate>>,
}

impl Scripted {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            next: Arc::default(),
            then: Arc::new(Mutex::new(Fate::Done)),
        }
    }

    fn script(&self, next: impl IntoIterator<Item = Fate>, then: Fate) {
        *self.next.lock().unwrap() = next.into_iter().collect();
        *self.then.lock().unwrap() = then;
    }

    fn fate(&self) -> Fate {
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or(*self.then.lock().unwrap())
    }
}

#[async_trait]
impl KeyValueStore for Scripted {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.store.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        assert_eq!(batch.len(), 1, "some stores have no batch of several keys");
        let fault = |kind| Err(StoreError::new(kind, "failed as it was told to").into());
        match self.fate() {
            Fate::Done => self.store.write(batch).await,
            Fate::Refused => fault(StoreErrorKind::Unavailable),
            Fate::Broken => fault(StoreErrorKind::Other),
            Fate::Lost => {
                let written = self.store.write(batch).await;
                written.and_then(|_| fault(StoreErrorKind::InDoubt))
            }
            Fate::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn the_first_does_it_and_the_others_get_what_came_of_it() {
    let ironflow = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    let claims = ironflow.claims();
    let claim = win(&claims, "cmd-1").await;
    assert_eq!(claim.id().as_str(), "cmd-1");
    assert!(claim.taken_over().is_none() && !claim.is_lost());

    let other = Charging { cents: 1 };
    let Claimed::Pending(pending) = claims.try_claim("cmd-1", &other).await.unwrap() else {
        panic!("someone is at it");
    };
    assert_eq!(pending.claim::<Charging>().unwrap(), CHARGING);

    claim.finalize(&PAYMENT).await.unwrap();
    let Claimed::Finalized(done) = claims.try_claim("cmd-1", &other).await.unwrap() else {
        panic!("it is done");
    };
    assert_eq!(done.claim::<Charging>().unwrap(), CHARGING);
    assert_eq!(done.result::<Payment>().unwrap(), PAYMENT);

    // Another id is another command.
    let claim = win(&claims, "cmd-2").await;
    claim.finalize(&()).await.unwrap();
    finalized(&claims, "cmd-2").await.result::<()>().unwrap();
}

#[tokio::test]
async fn what_is_finalized_leaves_one_key_that_lasts_as_long_as_results_are_kept() {
    const DAY: Duration = Duration::from_hours(24);
    let store = MemoryStore::new();
    let before = std::time::SystemTime::now().into();
    let claims = Claims::new(store.clone()).keep_for(2 * DAY);
    win(&claims, "cmd-1")
        .await
        .finalize(&PAYMENT)
        .await
        .unwrap();
    let kept = store.list(KeyRange::bucket("claims")).await.unwrap();
    let lasts = kept[0].expires_at.unwrap() - before;
    assert!(lasts >= 2 * DAY && lasts < 3 * DAY, "{lasts:?}");
    let begun = store.list(KeyRange::bucket("claims-begun")).await.unwrap();
    assert!(kept.len() == 1 && begun.is_empty());
}

#[tokio::test]
async fn when_a_result_is_kept_no_longer_the_id_is_as_new() {
    let claims = Claims::new(MemoryStore::new()).keep_for(SHORT);
    win(&claims, "cmd-1")
        .await
        .finalize(&PAYMENT)
        .await
        .unwrap();
    let again = take_over(&claims, "cmd-1").await;
    assert_eq!(former(&again), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_wins() {
    let claims = Claims::new(MemoryStore::new());
    for round in 0..50 {
        let mut trying = JoinSet::new();
        for _ in 0..16 {
            let claims = claims.clone();
            trying.spawn(async move { try_claim(&claims, &format!("cmd-{round}")).await });
        }
        let claimed = trying.join_all().await;
        let won = claimed
            .iter()
            .filter(|claimed| matches!(claimed, Claimed::Won(_)));
        assert_eq!(won.count(), 1);
        for claimed in claimed {
            if let Claimed::Won(claim) = claimed {
                claim.finalize(&PAYMENT).await.unwrap();
            }
        }
        finalized(&claims, &format!("cmd-{round}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_releases_lets_exactly_one_other_win() {
    let claims = Claims::new(MemoryStore::new());
    let at_it = Arc::new(Mutex::new(()));
    let mut trying = JoinSet::new();
    for number in 0..8_u32 {
        let (claims, at_it) = (claims.clone(), Arc::clone(&at_it));
        trying.spawn(async move {
            loop {
                match try_claim(&claims, "cmd-1").await {
                    Claimed::Won(claim) => {
                        assert!(claim.taken_over().is_none(), "all of them release it");
                        let alone = at_it.try_lock().expect("nobody else has it");
                        drop(alone);
                        if number == 7 {
                            return claim.finalize(&number).await.unwrap();
                        }
                        claim.release().await.unwrap();
                    }
                    Claimed::Pending(_) => {}
                    Claimed::Finalized(_) => return,
                }
                tokio::task::yield_now().await;
            }
        });
    }
    trying.join_all().await;
    assert_eq!(
        finalized(&claims, "cmd-1").await.result::<u32>().unwrap(),
        7
    );
}

#[tokio::test]
async fn what_is_released_is_free_at_once_as_if_nothing_had_happened() {
    let store = MemoryStore::new();
    let claims = Claims::new(store.clone());
    win(&claims, "cmd-1").await.release().await.unwrap();
    for bucket in ["claims", "claims-begun"] {
        let left = store.list(KeyRange::bucket(bucket)).await.unwrap();
        assert_eq!(left, [], "{bucket}");
    }
    assert_eq!(former(&win(&claims, "cmd-1").await), []);
}

#[tokio::test]
async fn a_claim_that_is_dropped_lapses_with_its_lease_and_not_before() {
    let claims = Claims::new(MemoryStore::new()).lease(LEASE);
    let began = Instant::now();
    drop(win(&claims, "cmd-1").await);
    let pending = pending(&claims, "cmd-1").await;
    let claim = take_over(&claims, "cmd-1").await;
    // The clock of the store may tick a little differently.
    let slack = Duration::from_millis(20);
    assert!(began.elapsed() + slack >= LEASE, "{:?}", began.elapsed());
    assert!(pending.until() <= std::time::SystemTime::now().into());
    assert_eq!(former(&claim), [CHARGING]);

    claim.finalize(&PAYMENT).await.unwrap();
    finalized(&claims, "cmd-1").await;
}

#[tokio::test]
async fn an_owner_that_lives_is_never_followed() {
    let claims = Claims::new(MemoryStore::new()).lease(LEASE);
    let claim = win(&claims, "cmd-1").await;
    let first = pending(&claims, "cmd-1").await.until();
    let mut until = first;
    // It is seen to be renewed, for several leases.
    while until - first < 4 * LEASE {
        until = pending(&claims, "cmd-1").await.until();
        sleep(Duration::from_millis(5)).await;
    }
    assert!(!claim.is_lost());
    claim.finalize(&PAYMENT).await.unwrap();
    finalized(&claims, "cmd-1").await;
}

/// Keeps the owner from renewing its claim for longer than the lease.
fn stand_still(lease: Duration) {
    // The runtime has one thread, and this is it.
    thread::sleep(lease + Duration::from_millis(50));
}

fn assert_lost_to_pending(lost: &ClaimLost) {
    assert!(matches!(lost.now, LostTo::Pending(_)), "{lost:?}");
    let says = lost.to_string();
    assert!(
        says.starts_with("the claim of command id cmd-1 lapsed before it was renewed, and another")
            && says.ends_with("leave it to them"),
        "{says}"
    );
}

#[tokio::test]
async fn an_owner_that_stood_still_is_told_who_has_it_and_changes_nothing() {
    let store = MemoryStore::new();
    let claims = Claims::new(store.clone()).lease(SHORT);
    let late = win(&claims, "cmd-1").await;
    stand_still(SHORT);
    assert!(late.is_lost());
    let claim = win(&claims.clone().lease(LEASE), "cmd-1").await;
    assert_eq!(former(&claim), [CHARGING]);
    timeout(SOON, late.lost())
        .await
        .expect("the heartbeat tells");

    let Err(FinalizeError::Lost(lost)) = late.finalize(&Payment { number: 666 }).await else {
        panic!("someone else has it");
    };
    assert_lost_to_pending(&lost);
    assert!(!claim.is_lost());
    pending(&claims, "cmd-1").await;

    // What is kept is the result of the one who had it.
    claim.finalize(&PAYMENT).await.unwrap();
    assert_eq!(
        finalized(&claims, "cmd-1")
            .await
            .result::<Payment>()
            .unwrap(),
        PAYMENT
    );
}

#[tokio::test]
async fn whoever_lost_a_claim_does_not_delete_what_came_of_it() {
    let claims = Claims::new(MemoryStore::new()).lease(SHORT);
    let mut late = Vec::new();
    for _ in 0..2 {
        late.push(win(&claims, "cmd-1").await);
        stand_still(SHORT);
    }
    let claim = win(&claims.clone().lease(LEASE), "cmd-1").await;
    let Err(ReleaseError::Lost(lost)) = late.remove(0).release().await else {
        panic!("someone else has it");
    };
    assert_lost_to_pending(&lost);
    claim.finalize(&PAYMENT).await.unwrap();

    let Err(ReleaseError::Lost(lost)) = late.remove(0).release().await else {
        panic!("someone else has finalized it");
    };
    let LostTo::Finalized(done) = &lost.now else {
        panic!("{lost:?}");
    };
    assert_eq!(done.result::<Payment>().unwrap(), PAYMENT);
    assert!(
        lost.to_string().contains("another owner has finalized it"),
        "{lost}"
    );
    assert_eq!(
        finalized(&claims, "cmd-1")
            .await
            .result::<Payment>()
            .unwrap(),
        PAYMENT
    );
}

#[tokio::test]
async fn a_claim_that_lapsed_unnoticed_is_told_to_nobody_having_it() {
    let claims = Claims::new(MemoryStore::new()).lease(SHORT);
    let late = win(&claims, "cmd-1").await;
    stand_still(SHORT);
    let Err(FinalizeError::Lost(lost)) = late.finalize(&PAYMENT).await else {
        panic!("it has lapsed");
    };
    assert!(matches!(lost.now, LostTo::Nobody), "{lost:?}");
    assert_eq!(
        lost.to_string(),
        "the claim of command id cmd-1 lapsed before it was renewed, and nobody has it: \
         claim it again, and find out what has happened before you go on"
    );
    assert_eq!(former(&win(&claims, "cmd-1").await), [CHARGING]);
}

#[tokio::test]
async fn everyone_who_died_is_told_of_until_it_is_finalized() {
    let claims = Claims::new(MemoryStore::new()).lease(SHORT);
    drop(win(&claims, "cmd-1").await);
    let other = Charging { cents: 3400 };
    for (claim, before) in [
        (other, vec![CHARGING]),
        (CHARGING, vec![CHARGING, other]),
        (other, vec![CHARGING, other]),
    ] {
        drop(take_over(&claims, "cmd-1").await.release().await);
        let next = won(claims.try_claim("cmd-1", &claim).await.unwrap());
        assert_eq!(former(&next), before);
    }
    let last = take_over(&claims, "cmd-1").await;
    assert_eq!(former(&last), [CHARGING, other]);
    last.finalize(&PAYMENT).await.unwrap();
}

#[tokio::test]
async fn whoever_takes_over_and_releases_speaks_only_for_itself() {
    let claims = Claims::new(MemoryStore::new()).lease(SHORT);
    drop(win(&claims, "cmd-1").await);
    let second = take_over(&claims.clone().lease(LEASE), "cmd-1").await;
    second.release().await.unwrap();
    let third = win(&claims, "cmd-1").await;
    assert_eq!(
        former(&third),
        [CHARGING],
        "what the first did is still not known"
    );
}

#[tokio::test]
async fn that_it_was_begun_is_kept_for_as_long_as_the_work_takes() {
    // What is kept for so short a time would be gone before the work is done.
    let store = MemoryStore::new();
    let claims = Claims::new(store.clone()).lease(LEASE).keep_for(SHORT);
    let claim = win(&claims, "cmd-1").await;
    renewed(&store, 3 * LEASE).await;
    drop(claim);
    assert_eq!(former(&take_over(&claims, "cmd-1").await), [CHARGING]);
}

#[tokio::test]
async fn a_store_that_is_away_for_less_than_the_lease_costs_no_claim() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone()).lease(LEASE);
    let claim = win(&claims, "cmd-1").await;
    store.script([Fate::Refused; 6], Fate::Done);
    renewed(&store, 2 * LEASE).await;
    assert!(!claim.is_lost());
    claim.finalize(&PAYMENT).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_for_longer_costs_the_claim_by_the_clock_of_its_owner() {
    for fate in [Fate::Refused, Fate::Hangs] {
        let store = Scripted::new();
        let claims = Claims::new(store.clone()).lease(LEASE);
        let began = Instant::now();
        let claim = win(&claims, "cmd-1").await;
        store.script([], fate);
        assert!(!claim.is_lost());
        timeout(SOON, claim.lost()).await.expect("the lease lapses");
        assert!(claim.is_lost());
        assert!(began.elapsed() >= LEASE, "{:?}", began.elapsed());
        store.script([], Fate::Done);
        assert_eq!(former(&take_over(&claims, "cmd-1").await), [CHARGING]);
    }
}

#[tokio::test]
async fn a_store_that_is_away_when_it_is_finalized_is_asked_again() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone());
    let claim = win(&claims, "cmd-1").await;
    store.script([Fate::Refused, Fate::Lost, Fate::Refused], Fate::Done);
    claim.finalize(&PAYMENT).await.unwrap();
    assert_eq!(
        finalized(&claims, "cmd-1")
            .await
            .result::<Payment>()
            .unwrap(),
        PAYMENT
    );
}

#[tokio::test]
async fn a_store_that_stays_away_when_it_is_finalized_is_an_error_that_says_what_to_do() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone()).lease(SHORT);
    let claim = win(&claims, "cmd-1").await;
    store.script([], Fate::Refused);
    let error = claim.finalize(&PAYMENT).await.unwrap_err();
    assert!(matches!(error, FinalizeError::Store { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "failed to keep the result of command id cmd-1: claim it again, which says whether the \
         result is there or that it was begun"
    );
    store.script([], Fate::Done);
    assert_eq!(former(&take_over(&claims, "cmd-1").await), [CHARGING]);
}

/// The writes of one life are fewer than this.
const WRITES: usize = 8;

/// All is done but the one at that place.
fn all_but(place: usize, fate: Fate) -> impl Iterator<Item = Fate> {
    (0..WRITES).map(move |at| if at == place { fate } else { Fate::Done })
}

#[tokio::test]
async fn an_answer_that_is_lost_changes_nothing_for_anyone() {
    for fate in [Fate::Lost, Fate::Refused] {
        for place in 0..WRITES {
            let store = Scripted::new();
            let claims = Claims::new(store.clone());
            store.script(all_but(place, fate), Fate::Done);
            let claim = win(&claims, "cmd-1").await;
            assert_eq!(former(&claim), [], "{fate:?} at {place}");
            claim.release().await.unwrap();
            let claim = win(&claims, "cmd-1").await;
            assert_eq!(former(&claim), [], "{fate:?} at {place}");
            claim.finalize(&PAYMENT).await.unwrap();
            assert_eq!(
                finalized(&claims, "cmd-1")
                    .await
                    .result::<Payment>()
                    .unwrap(),
                PAYMENT,
                "{fate:?} at {place}"
            );
        }
    }
}

#[tokio::test]
async fn a_heartbeat_whose_answer_is_lost_goes_on() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone()).lease(LEASE);
    let claim = win(&claims, "cmd-1").await;
    store.script([Fate::Done, Fate::Lost, Fate::Lost].repeat(20), Fate::Done);
    renewed(&store, 3 * LEASE).await;
    assert!(!claim.is_lost());
    claim.finalize(&PAYMENT).await.unwrap();
}

/// A process that claims, does what it does, and finalizes; it is cut off from the store after so
/// many writes, as if it had died, whether or not the last one happened. Whether it did anything,
/// and whether it knows that the result is kept.
async fn live(store: &Scripted, writes: usize, last: Fate, releases: bool) -> (bool, bool) {
    let claims = Claims::new(store.clone()).lease(SHORT);
    store.script(
        [Fate::Done].repeat(writes).into_iter().chain([last]),
        Fate::Refused,
    );
    let Ok(Claimed::Won(claim)) = claims.try_claim("cmd-1", &CHARGING).await else {
        return (false, false);
    };
    if releases {
        return (false, claim.release().await.is_ok());
    }
    (true, claim.finalize(&PAYMENT).await.is_ok())
}

#[tokio::test]
async fn wherever_an_owner_dies_what_it_may_have_done_is_told() {
    for last in [Fate::Refused, Fate::Lost] {
        for writes in 0..WRITES {
            let store = Scripted::new();
            let (has_acted, is_done) = live(&store, writes, last, false).await;
            store.script([], Fate::Done);
            let claims = Claims::new(store).lease(LEASE);
            let place = format!("{last:?} after {writes} writes");
            let settling = async {
                loop {
                    match try_claim(&claims, "cmd-1").await {
                        Claimed::Pending(_) => sleep(Duration::from_millis(2)).await,
                        settled => return settled,
                    }
                }
            };
            let next = timeout(SOON, settling).await.expect("a lease lapses");
            match next {
                Claimed::Won(claim) => {
                    assert!(!is_done, "{place}: the result was kept");
                    if has_acted {
                        assert_eq!(former(&claim), [CHARGING], "{place}");
                    }
                    claim.finalize(&PAYMENT).await.unwrap();
                }
                Claimed::Finalized(done) => {
                    assert!(has_acted, "{place}");
                    assert_eq!(done.result::<Payment>().unwrap(), PAYMENT, "{place}");
                }
                Claimed::Pending(_) => unreachable!("it has been waited for"),
            }
        }
    }
}

#[tokio::test]
async fn wherever_a_release_is_cut_off_nobody_is_kept_out_for_longer_than_the_lease() {
    for last in [Fate::Refused, Fate::Lost] {
        for writes in 0..WRITES {
            let store = Scripted::new();
            let (_, is_released) = live(&store, writes, last, true).await;
            store.script([], Fate::Done);
            let claims = Claims::new(store).lease(LEASE);
            let claim = take_over(&claims, "cmd-1").await;
            if is_released {
                assert_eq!(former(&claim), [], "{last:?} after {writes} writes");
            }
            claim.finalize(&PAYMENT).await.unwrap();
        }
    }
}

#[tokio::test]
async fn whoever_stops_waiting_for_a_claim_keeps_nobody_out_for_longer_than_the_lease() {
    for writes in 0..3 {
        let store = Scripted::new();
        let claims = Claims::new(store.clone()).lease(SHORT);
        store.script([Fate::Done].repeat(writes), Fate::Hangs);
        drop(timeout(SHORT / 4, claims.try_claim("cmd-1", &CHARGING)).await);
        store.script([], Fate::Done);
        let claim = take_over(&claims.lease(LEASE), "cmd-1").await;
        claim.release().await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_fails_when_it_is_claimed_is_an_error_and_leaves_the_id_free() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone());
    for writes in 0..2 {
        // Longer than anybody waits to claim something.
        store.script([Fate::Done].repeat(writes), Fate::Refused);
        let trying = claims
            .clone()
            .lease(SHORT)
            .try_claim("cmd-1", &CHARGING)
            .await;
        let error = trying.unwrap_err();
        assert!(matches!(error, ClaimError::Store { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "failed to claim command id cmd-1: nothing was begun, so it may be claimed again"
        );
        store.script([], Fate::Done);
        let claim = take_over(&claims, "cmd-1").await;
        assert_eq!(former(&claim), []);
        claim.release().await.unwrap();
    }
}

#[tokio::test]
async fn an_id_that_was_claimed_and_could_not_be_begun_is_free_at_once() {
    let store = Scripted::new();
    let claims = Claims::new(store.clone());
    store.script([Fate::Done, Fate::Broken], Fate::Done);
    let error = claims.try_claim("cmd-1", &CHARGING).await.unwrap_err();
    assert!(matches!(error, ClaimError::Store { .. }), "{error:?}");
    assert_eq!(former(&win(&claims, "cmd-1").await), []);
}

#[tokio::test]
async fn what_cannot_be_claimed_is_refused() {
    let claims = Claims::new(MemoryStore::new());
    let error = claims.try_claim("", &CHARGING).await.unwrap_err();
    assert!(matches!(error, ClaimError::CommandId(_)), "{error:?}");

    let no_json = [((1, 2), 3)]
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>();
    let error = claims.try_claim("cmd-1", &no_json).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "what command id cmd-1 was to be claimed with cannot be written as JSON"
    );
    let error = win(&claims, "cmd-1")
        .await
        .finalize(&no_json)
        .await
        .unwrap_err();
    assert!(
        matches!(error, FinalizeError::Unwritable { .. }),
        "{error:?}"
    );
    pending(&claims, "cmd-1").await;
}

#[tokio::test]
async fn what_others_wrote_under_an_id_is_damage() {
    let store = MemoryStore::new();
    let claims = Claims::new(store.clone());
    for stray in ["not JSON", r#"{"owner":"me","claim":1}"#] {
        let put = Write::put(Key::new("claims", "cmd-1"), stray);
        store.write(vec![put]).await.unwrap();
        let error = claims.try_claim("cmd-1", &CHARGING).await.unwrap_err();
        let ClaimError::Store { source, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(source.kind(), StoreErrorKind::Damaged);
        assert!(source.to_string().contains("key claims/cmd-1"), "{source}");
    }
}

#[tokio::test]
async fn what_is_asked_for_as_another_type_says_so() {
    let claims = Claims::new(MemoryStore::new());
    let claim = win(&claims, "cmd-1").await;
    let error = pending(&claims, "cmd-1")
        .await
        .claim::<String>()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "what is stored about command id cmd-1 cannot be read as alloc::string::String: \
         ask for the type that was written"
    );
    claim.finalize(&PAYMENT).await.unwrap();
    let done = finalized(&claims, "cmd-1").await;
    assert!(done.result::<Charging>().is_err() && done.claim::<Payment>().is_err());
}
