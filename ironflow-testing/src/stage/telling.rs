//! Who tells, and where.

use std::cell::Cell;

/// What is known about the test that tells.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// Its path, beginning with its crate.
    pub path: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
}

thread_local! {
    static TELLING: Cell<Option<Telling>> = const { Cell::new(None) };
    static ON_STORE: Cell<bool> = const { Cell::new(false) };
}

/// Tells stories without a store.
pub fn tell<T>(telling: Telling, story: impl FnOnce() -> T) -> T {
    TELLING.set(Some(telling));
    let told = Told(|| TELLING.set(None));
    let outcome = story();
    drop(told);
    outcome
}

/// Tells stories that are performed on a store, too, and written down by those who do without.
#[cfg(feature = "stores")]
pub(super) fn performing<T>(story: impl FnOnce() -> T) -> T {
    ON_STORE.set(true);
    let told = Told(|| ON_STORE.set(false));
    let outcome = story();
    drop(told);
    outcome
}

/// The test that tells on this thread, where that is known.
pub(crate) fn telling() -> Option<Telling> {
    TELLING.get()
}

pub(crate) fn is_on_store() -> bool {
    ON_STORE.get()
}

/// Ends a telling, also where it fails.
struct Told<F: FnMut()>(F);

impl<F: FnMut()> Drop for Told<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
