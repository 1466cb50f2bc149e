//! Small values under keys.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::time::{Duration, Instant, SystemTime};

use ironflow_domain::Timestamp;
use ironflow_domain::store::{Entry, Expected, Key, KeyRange, Revision, Store, Write, WriteError};

use super::Fixture;
use super::given::{get, key, put, refused, value, write};

pub async fn a_value_is_read_back(store: Fixture) {
    let revision = put(&*store, &key("a"), "one").await;
    let entry = Entry {
        key: key("a"),
        value: b"one".to_vec(),
        revision,
        expires_at: None,
    };
    assert_eq!(get(&*store, &key("a")).await, Some(entry));
}

pub async fn a_key_that_was_never_written_is_absent(store: Fixture) {
    put(&*store, &key("a"), "one").await;
    for absent in [
        key("b"),
        key(""),
        key("A"),
        key("a "),
        Key::new("bucke", "a"),
        Key::new("", "a"),
        Key::new("bucket2", "a"),
    ] {
        assert_eq!(get(&*store, &absent).await, None, "{absent:?}");
    }
}

pub async fn a_value_may_be_any_bytes(store: Fixture) {
    let values = [
        vec![],
        vec![0],
        (0..=255).collect(),
        vec![0xff; 3],
        vec![7; 200_000],
    ];
    for (number, bytes) in values.iter().enumerate() {
        write(&*store, Write::put(key(&number.to_string()), bytes.clone())).await;
    }
    for (number, bytes) in values.iter().enumerate() {
        let entry = get(&*store, &key(&number.to_string()))
            .await
            .expect("the key is there");
        assert!(entry.value == *bytes, "value {number} is another one");
    }
}

pub async fn keys_with_odd_names_are_kept_apart(store: Fixture) {
    let names = [
        "", " ", "a", "A", "a/b", "%", "_", "*", ">", ".", "'", "\"", "\\", "-- DROP", "é",
        "e\u{301}", "日本", "🦀", "a\nb", "$1",
    ];
    let keys: Vec<_> = names
        .iter()
        .flat_map(|bucket| names.iter().map(move |name| Key::new(*bucket, *name)))
        .collect();
    let batch: Vec<_> = keys
        .iter()
        .map(|key| Write::create(key.clone(), format!("{key:?}")))
        .collect();
    store
        .write(batch)
        .await
        .expect("all these keys are different");
    for key in &keys {
        assert_eq!(value(&*store, key).await, format!("{key:?}"));
    }
}

pub async fn several_keys_are_looked_up_as_each_of_them_is(store: Fixture) {
    assert_eq!(get_all(&*store, &[]).await, []);
    for name in ["b", "a", "c", "%"] {
        put(&*store, &key(name), name).await;
    }
    put(&*store, &Key::new("bucket2", "a"), "another bucket's").await;
    write(&*store, Write::delete(key("c"))).await;
    let lasting = Write::put(key("d"), "for long").expiring_after(Duration::from_hours(1));
    write(&*store, lasting).await;
    let keys = [
        key("b"),
        key("absent"),
        key("a"),
        Key::new("bucket2", "a"),
        Key::new("bucket2", "b"),
        key("b"),
        key("c"),
        key("d"),
        key("%"),
        key("A"),
        key(""),
    ];
    let mut each = Vec::new();
    for key in &keys {
        each.push(get(&*store, key).await);
    }
    assert_eq!(get_all(&*store, &keys).await, each);
}

pub async fn many_keys_are_looked_up_at_once(store: Fixture) {
    const MANY: usize = 2_000;
    let keys: Vec<Key> = (0..2 * MANY)
        .map(|number| key(&number.to_string()))
        .collect();
    let every_second = keys.iter().step_by(2);
    let batch = every_second.map(|key| Write::put(key.clone(), key.name.clone()));
    let written = store.write(batch.collect()).await;
    written.expect("the batch is written");
    let found = get_all(&*store, &keys).await;
    assert_eq!(found.len(), keys.len());
    for (index, (key, found)) in keys.iter().zip(found).enumerate() {
        let expected = (index % 2 == 0).then(|| key.name.clone().into_bytes());
        assert_eq!(found.map(|entry| entry.value), expected, "{key}");
    }
}

pub async fn every_change_has_a_later_revision(store: Fixture) {
    let mut last = None;
    for name in ["a", "b", "a", "a", "b", "c"] {
        let revision = put(&*store, &key(name), "same").await;
        assert!(
            last < Some(revision),
            "revision {revision} comes after {last:?}"
        );
        assert_eq!(
            get(&*store, &key(name)).await.map(|entry| entry.revision),
            Some(revision)
        );
        last = Some(revision);
    }
}

pub async fn a_key_is_created_once(store: Fixture) {
    let revision = write(&*store, Write::create(key("a"), "first")).await;
    let found = refused(&*store, vec![Write::create(key("a"), "second")]).await;
    assert_eq!(found, (key("a"), revision));
    assert_eq!(value(&*store, &key("a")).await, "first");
}

pub async fn a_value_is_replaced_at_its_revision_only(store: Fixture) {
    let first = put(&*store, &key("a"), "first").await;
    let at = |revision| Write::put(key("a"), "new").expecting(Expected::Revision(revision));
    let second = write(&*store, at(first))
        .await
        .expect("a value has a revision");
    assert_eq!(
        refused(&*store, vec![at(first)]).await,
        (key("a"), Some(second))
    );
    assert_eq!(
        refused(&*store, vec![at(Revision::new(second.get() + 1_000))])
            .await
            .1,
        Some(second)
    );
    let other = put(&*store, &key("b"), "other").await;
    assert_eq!(
        refused(&*store, vec![at(other)]).await.1,
        Some(second),
        "another key's revision is not this one's"
    );
    let absent = Write::put(key("c"), "new").expecting(Expected::Revision(second));
    assert_eq!(refused(&*store, vec![absent]).await, (key("c"), None));
    assert_eq!(
        get(&*store, &key("a"))
            .await
            .map(|entry| (entry.revision, entry.value)),
        Some((second, b"new".to_vec()))
    );
}

pub async fn a_refusal_says_what_was_expected(store: Fixture) {
    let revision = put(&*store, &key("a"), "first").await;
    match store.write(vec![Write::create(key("a"), "second")]).await {
        Err(WriteError::Revision {
            key: found,
            expected,
            actual,
            ..
        }) => {
            assert_eq!(
                (found, expected, actual),
                (key("a"), Expected::Absent, Some(revision))
            );
        }
        other => panic!("a key cannot be created twice: {other:?}"),
    }
}

pub async fn a_deleted_key_is_absent(store: Fixture) {
    put(&*store, &key("a"), "one").await;
    put(&*store, &key("b"), "two").await;
    assert_eq!(
        write(&*store, Write::delete(key("a"))).await,
        None,
        "a deletion has no revision"
    );
    assert_eq!(get(&*store, &key("a")).await, None);
    assert_eq!(names(&*store, KeyRange::bucket("bucket")).await, ["b"]);
    write(&*store, Write::delete(key("a"))).await;
    assert_eq!(value(&*store, &key("b")).await, "two");
}

pub async fn a_key_is_deleted_at_its_revision_only(store: Fixture) {
    let first = put(&*store, &key("a"), "one").await;
    let second = put(&*store, &key("a"), "two").await;
    let delete = |revision| Write::delete(key("a")).expecting(Expected::Revision(revision));
    assert_eq!(
        refused(&*store, vec![delete(first)]).await,
        (key("a"), Some(second))
    );
    assert_eq!(value(&*store, &key("a")).await, "two");
    write(&*store, delete(second)).await;
    assert_eq!(get(&*store, &key("a")).await, None);
    assert_eq!(
        refused(&*store, vec![delete(second)]).await,
        (key("a"), None)
    );
}

pub async fn a_key_that_is_made_again_has_a_new_revision(store: Fixture) {
    let mut seen = vec![put(&*store, &key("a"), "same").await];
    for _ in 0..5 {
        write(&*store, Write::delete(key("a"))).await;
        let again = write(&*store, Write::create(key("a"), "same"))
            .await
            .expect("a value has a revision");
        assert!(
            seen.iter().all(|before| *before < again),
            "revision {again} after {seen:?}"
        );
        for before in &seen {
            let stale = Write::put(key("a"), "stale").expecting(Expected::Revision(*before));
            assert_eq!(refused(&*store, vec![stale]).await.1, Some(again));
        }
        seen.push(again);
    }
}

pub async fn a_batch_is_written_as_a_whole(store: Fixture) {
    put(&*store, &key("b"), "old").await;
    put(&*store, &key("c"), "old").await;
    let batch = vec![
        Write::create(key("a"), "new"),
        Write::put(key("b"), "new"),
        Write::delete(key("c")),
    ];
    let revisions = store.write(batch).await.expect("the batch is written");
    let stored = [
        get(&*store, &key("a")).await,
        get(&*store, &key("b")).await,
        get(&*store, &key("c")).await,
    ];
    assert_eq!(
        stored
            .each_ref()
            .map(|entry| entry.as_ref().map(|entry| entry.revision))
            .to_vec(),
        revisions
    );
    assert!(
        revisions[0] < revisions[1] && revisions[2].is_none(),
        "{revisions:?}"
    );
    assert_eq!(value(&*store, &key("b")).await, "new");
}

pub async fn a_batch_that_is_refused_writes_nothing(store: Fixture) {
    let revision = put(&*store, &key("b"), "old").await;
    let kept = put(&*store, &key("d"), "old").await;
    for refused_at in 0..4 {
        let mut batch = vec![
            Write::create(key("a"), "new"),
            Write::put(key("b"), "new").expecting(Expected::Revision(revision)),
            Write::delete(key("d")),
        ];
        batch.insert(
            refused_at,
            Write::put(key("c"), "new").expecting(Expected::Revision(revision)),
        );
        assert_eq!(refused(&*store, batch).await, (key("c"), None));
        assert_eq!(names(&*store, KeyRange::bucket("bucket")).await, ["b", "d"]);
        assert_eq!(
            get(&*store, &key("b")).await.map(|entry| entry.revision),
            Some(revision)
        );
        assert_eq!(
            get(&*store, &key("d")).await.map(|entry| entry.revision),
            Some(kept)
        );
    }
}

pub async fn a_batch_may_change_one_key_twice(store: Fixture) {
    let batch = vec![
        Write::create(key("a"), "one"),
        Write::delete(key("a")),
        Write::create(key("a"), "two"),
    ];
    let revisions = store
        .write(batch)
        .await
        .expect("each write sees the ones before it");
    let entry = get(&*store, &key("a")).await.expect("it was made again");
    assert_eq!(
        (entry.value, Some(entry.revision)),
        (b"two".to_vec(), revisions[2])
    );
    let batch = vec![Write::put(key("b"), "one"), Write::create(key("b"), "two")];
    assert_eq!(refused(&*store, batch).await.0, key("b"));
    assert_eq!(get(&*store, &key("b")).await, None);
}

pub async fn a_batch_of_nothing_is_written(store: Fixture) {
    assert_eq!(
        store
            .write(Vec::new())
            .await
            .expect("there is nothing to refuse"),
        []
    );
}

pub async fn a_batch_may_be_large(store: Fixture) {
    const MANY: usize = 2_000;
    let batch = (0..MANY)
        .map(|number| Write::create(key(&format!("{number:05}")), number.to_string()))
        .collect();
    let revisions: Vec<Revision> = store
        .write(batch)
        .await
        .expect("the batch is written")
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(revisions.len(), MANY);
    assert!(revisions.is_sorted_by(|a, b| a < b));
    assert_eq!(
        names(&*store, KeyRange::bucket("bucket").limit(MANY + 1))
            .await
            .len(),
        MANY
    );
}

async fn get_all(store: &dyn Store, keys: &[Key]) -> Vec<Option<Entry>> {
    let found = store.get_all(keys).await;
    found.expect("keys can be looked up together")
}

async fn names(store: &dyn Store, range: KeyRange) -> Vec<String> {
    let entries = store.list(range).await.expect("a bucket can be listed");
    entries.into_iter().map(|entry| entry.key.name).collect()
}

/// Names in an order that is not theirs, some in other buckets.
async fn many_keys(store: &dyn Store) {
    for name in [
        "b",
        "a%b",
        "a",
        "ab",
        "a_b",
        "aB",
        "ä",
        "A",
        "a%",
        "abc",
        "日本",
        "日",
        "a\u{10ffff}z",
        "",
        "z",
    ] {
        put(store, &key(name), name).await;
    }
    for bucket in ["bucke", "bucket ", "bucket/a", "Bucket", "buckett", ""] {
        put(store, &Key::new(bucket, "a"), "other").await;
    }
}

pub async fn a_bucket_is_listed_in_the_order_of_its_names(store: Fixture) {
    assert_eq!(
        names(&*store, KeyRange::bucket("bucket")).await,
        Vec::<String>::new()
    );
    many_keys(&*store).await;
    let all = store
        .list(KeyRange::bucket("bucket"))
        .await
        .expect("a bucket can be listed");
    let listed: Vec<_> = all.iter().map(|entry| entry.key.name.as_str()).collect();
    let expected = [
        "",
        "A",
        "a",
        "a%",
        "a%b",
        "aB",
        "a_b",
        "ab",
        "abc",
        "a\u{10ffff}z",
        "b",
        "z",
        "ä",
        "日",
        "日本",
    ];
    assert_eq!(listed, expected);
    for entry in all {
        assert_eq!(get(&*store, &entry.key).await, Some(entry));
    }
}

pub async fn only_names_with_a_prefix_are_listed(store: Fixture) {
    many_keys(&*store).await;
    let prefix = |prefix: &str| KeyRange::bucket("bucket").prefix(prefix);
    assert_eq!(
        names(&*store, prefix("a")).await,
        ["a", "a%", "a%b", "aB", "a_b", "ab", "abc", "a\u{10ffff}z"]
    );
    assert_eq!(names(&*store, prefix("a%")).await, ["a%", "a%b"]);
    assert_eq!(names(&*store, prefix("a_")).await, ["a_b"]);
    assert_eq!(names(&*store, prefix("ab")).await, ["ab", "abc"]);
    assert_eq!(names(&*store, prefix("日")).await, ["日", "日本"]);
    assert_eq!(
        names(&*store, prefix("a\u{10ffff}")).await,
        ["a\u{10ffff}z"]
    );
    for none in ["%", "_", "*", "ac", "abcd", "日本語", "B"] {
        assert_eq!(
            names(&*store, prefix(none)).await,
            Vec::<String>::new(),
            "prefix {none:?}"
        );
    }
}

pub async fn a_list_of_keys_goes_on_after_the_last_one(store: Fixture) {
    many_keys(&*store).await;
    for prefix in ["", "a", "a%"] {
        let all = names(&*store, KeyRange::bucket("bucket").prefix(prefix)).await;
        for limit in [1, 2, 3, 100] {
            let mut paged = Vec::new();
            let mut range = KeyRange::bucket("bucket").prefix(prefix).limit(limit);
            loop {
                let page = names(&*store, range.clone()).await;
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                range = range.after(last.clone());
                paged.extend(page);
            }
            assert_eq!(paged, all, "prefix {prefix:?} in pages of {limit}");
        }
    }
    let range = KeyRange::bucket("bucket").prefix("a");
    assert_eq!(
        names(&*store, range.clone().after("aC")).await,
        ["a_b", "ab", "abc", "a\u{10ffff}z"],
        "a name need not be there"
    );
    assert_eq!(
        names(&*store, range.clone().after("A")).await.len(),
        8,
        "all with the prefix come after it"
    );
    assert_eq!(
        names(&*store, range.after("b")).await,
        Vec::<String>::new(),
        "none with the prefix comes after it"
    );
    assert_eq!(
        names(&*store, KeyRange::bucket("bucket").limit(0)).await,
        Vec::<String>::new()
    );
}

const SHORT: Duration = Duration::from_millis(150);
const HOUR: Duration = Duration::from_hours(1);

pub async fn a_value_says_when_it_expires(store: Fixture) {
    let before = Timestamp::from(SystemTime::now());
    write(
        &*store,
        Write::put(key("a"), "one").expiring_after(2 * HOUR),
    )
    .await;
    let expires_at = get(&*store, &key("a"))
        .await
        .expect("it is there for two hours")
        .expires_at
        .expect("it expires");
    assert!(
        expires_at > before + HOUR && expires_at < before + 3 * HOUR,
        "it expires at {expires_at}, written at {before}"
    );
    let listed = store
        .list(KeyRange::bucket("bucket"))
        .await
        .expect("a bucket can be listed");
    assert_eq!(listed[0].expires_at, Some(expires_at));
}

pub async fn a_value_that_has_expired_is_absent(store: Fixture) {
    put(&*store, &key("b"), "stays").await;
    let written = Instant::now();
    write(&*store, Write::put(key("a"), "one").expiring_after(SHORT)).await;
    store
        .until("the end of a value", || async {
            get(&*store, &key("a")).await.is_none()
        })
        .await;
    // Not earlier than it should, either; a store's clock may tick a little differently.
    assert!(
        written.elapsed() + Duration::from_millis(20) >= SHORT,
        "it expired after {:?}",
        written.elapsed()
    );
    assert_eq!(names(&*store, KeyRange::bucket("bucket")).await, ["b"]);
    assert_eq!(get(&*store, &key("a")).await, None);
    assert_eq!(get_all(&*store, &[key("a")]).await, [None]);
    assert_eq!(value(&*store, &key("b")).await, "stays");
}

pub async fn a_key_that_has_expired_can_be_created(store: Fixture) {
    let written = Instant::now();
    let first = write(
        &*store,
        Write::create(key("lease"), "first").expiring_after(SHORT),
    )
    .await
    .expect("it has a revision");
    store
        .until("the end of a lease", || async {
            store
                .write(vec![Write::create(key("lease"), "second")])
                .await
                .is_ok()
        })
        .await;
    assert!(
        written.elapsed() + Duration::from_millis(20) >= SHORT,
        "it expired after {:?}",
        written.elapsed()
    );
    let entry = get(&*store, &key("lease"))
        .await
        .expect("the second one stays");
    assert_eq!((entry.value, entry.expires_at), (b"second".to_vec(), None));
    assert!(entry.revision > first);
}

pub async fn a_key_that_has_expired_has_no_revision(store: Fixture) {
    let revision = write(&*store, Write::put(key("a"), "one").expiring_after(SHORT))
        .await
        .expect("it has a revision");
    store
        .until("the end of a value", || async {
            get(&*store, &key("a")).await.is_none()
        })
        .await;
    for late in [Write::put(key("a"), "late"), Write::delete(key("a"))] {
        assert_eq!(
            refused(&*store, vec![late.expecting(Expected::Revision(revision))]).await,
            (key("a"), None)
        );
    }
}

pub async fn a_value_that_is_renewed_lives_on(store: Fixture) {
    let first = write(
        &*store,
        Write::put(key("lease"), "one").expiring_after(HOUR),
    )
    .await
    .expect("it has a revision");
    let renewal = Write::put(key("lease"), "one")
        .expecting(Expected::Revision(first))
        .expiring_after(3 * HOUR);
    write(&*store, renewal).await;
    let late = Timestamp::from(SystemTime::now()) + 2 * HOUR;
    let expires_at = get(&*store, &key("lease"))
        .await
        .and_then(|entry| entry.expires_at);
    assert!(expires_at > Some(late), "the lease ends at {expires_at:?}");
}

pub async fn a_value_that_is_put_anew_does_not_expire(store: Fixture) {
    write(&*store, Write::put(key("a"), "one").expiring_after(SHORT)).await;
    write(&*store, Write::put(key("b"), "one").expiring_after(SHORT)).await;
    put(&*store, &key("a"), "two").await;
    assert_eq!(
        get(&*store, &key("a"))
            .await
            .expect("it is there")
            .expires_at,
        None
    );
    store
        .until("the end of another value", || async {
            get(&*store, &key("b")).await.is_none()
        })
        .await;
    assert_eq!(value(&*store, &key("a")).await, "two");
}

pub async fn what_has_expired_does_not_count_for_a_limit(store: Fixture) {
    for number in 0..5 {
        write(
            &*store,
            Write::put(key(&format!("a{number}")), "short").expiring_after(SHORT),
        )
        .await;
        put(&*store, &key(&format!("b{number}")), "long").await;
    }
    store
        .until("the end of the short ones", || async {
            get(&*store, &key("a4")).await.is_none()
        })
        .await;
    assert_eq!(
        names(&*store, KeyRange::bucket("bucket").limit(3)).await,
        ["b0", "b1", "b2"]
    );
}
