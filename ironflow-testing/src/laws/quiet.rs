//! The user's code, run without a word: what it panics with is said once, in the report, and not each
//! time on the way to the simplest counter-example.

use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use crate::scenario;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the user's code; the error is what it panicked with, and where.
pub(super) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    listen();
    PLACE.take();
    let was_quiet = IS_QUIET.replace(true);
    let result = scenario::catch(code);
    IS_QUIET.set(was_quiet);
    result.map_err(|message| match PLACE.take() {
        Some(place) => format!("{message}\nat {place}"),
        None => message,
    })
}

/// Puts a hook before the one there is. It passes on whatever is not caught here.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if IS_QUIET.get() {
                PLACE.set(info.location().map(ToString::to_string));
            } else {
                others(info);
            }
        }));
    });
}
