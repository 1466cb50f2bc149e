//! Sentences that were begun and not ended.

use std::fmt;
use std::panic::Location;
use std::thread;

use super::story::Place;
use crate::color::colored;

/// Fails the test when it is dropped without having been told that the sentence went on.
pub(crate) struct Unfinished {
    text: Option<&'static str>,
    began: &'static Location<'static>,
}

impl Unfinished {
    /// `text` is what to say when the sentence that begins at the caller's line does not go on.
    #[track_caller]
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: Some(text),
            began: Location::caller(),
        }
    }

    /// The sentence goes on.
    pub(crate) fn goes_on(mut self) {
        self.text = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // A test that already fails has said why.
        if let Some(text) = self.text.filter(|_| !thread::panicking()) {
            panic!("{}", colored(format!("{text}\n{}", Place(self.began))));
        }
    }
}

impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "began at {}", self.began)
    }
}
