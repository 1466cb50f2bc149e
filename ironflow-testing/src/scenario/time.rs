//! Time, which is data in a scenario.

use ironflow_domain::Timestamp;

/// A point in time: a [`Timestamp`], or a text in RFC 3339 such as `2026-04-17T14:22:01Z`. There is
/// nothing to implement.
pub trait Moment: sealed::Sealed {
    /// The point in time.
    #[doc(hidden)]
    #[track_caller]
    fn timestamp(self) -> Timestamp;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Timestamp {}
    impl Sealed for &str {}
}

impl Moment for Timestamp {
    fn timestamp(self) -> Timestamp {
        self
    }
}

impl Moment for &str {
    #[track_caller]
    fn timestamp(self) -> Timestamp {
        match self.parse() {
            Ok(time) => time,
            Err(error) => panic!("{error}"),
        }
    }
}
