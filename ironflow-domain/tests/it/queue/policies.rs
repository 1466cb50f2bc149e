//! How hard a command is tried.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{CommandPolicy, ExecuteError, Ironflow};

use super::{Clerk, Pay, Settle, pay, raise, start};
use crate::watched::Watched;

#[tokio::test]
async fn what_was_fetched_is_good_for_all_attempts_unless_it_is_not() {
    for (again, fetched) in [(false, 1), (true, 2)] {
        let memory = MemoryStore::new();
        let store = Watched::new(&memory);
        let clerk = Clerk::default();
        let policy = CommandPolicy::new().queued(false).enrich_again(again);
        let builder = Ironflow::new(store.clone()).enrich(clerk.clone());
        let bar = start(builder.policy_of::<Settle>(policy)).await;
        bar.execute(raise(5)).await.unwrap();
        store.close_gate();
        let settled = {
            let bar = Arc::clone(&bar);
            tokio::spawn(async move { bar.execute(Settle { tab: "1" }).await })
        };
        store.arrived(2).await;
        let there = start(Ironflow::new(memory)).await;
        there.execute(raise(1)).await.unwrap();
        store.open_gate();
        assert_eq!(settled.await.unwrap().unwrap().version.get(), 3);
        assert_eq!(clerk.0.load(Ordering::SeqCst), fetched);
    }
}

#[tokio::test]
async fn the_nearest_policy_counts() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let once = CommandPolicy::new().attempts(1).queued(false);
    let builder = Ironflow::new(store.clone()).policy(once);
    let builder = builder.policy_of::<Pay>(once.attempts(2));
    let bar = start(builder).await;
    bar.execute(raise(100)).await.unwrap();

    let there = start(Ironflow::new(memory)).await;
    let overtaken = async |bar: &Arc<Ironflow>, policy: Option<CommandPolicy>| {
        store.close_gate();
        let (_, _, before) = store.counts();
        let bar = Arc::clone(bar);
        let paying = tokio::spawn(async move {
            let mut paying = bar.execute(pay(1));
            if let Some(policy) = policy {
                paying = paying.policy(policy);
            }
            paying.await
        });
        store.arrived(before + 1).await;
        there.execute(raise(1)).await.unwrap();
        store.open_gate();
        paying.await.unwrap()
    };
    overtaken(&bar, None).await.unwrap();
    let conflict = overtaken(&bar, Some(once)).await.unwrap_err();
    assert!(matches!(
        conflict,
        ExecuteError::Conflict { attempts: 1, .. }
    ));
}
