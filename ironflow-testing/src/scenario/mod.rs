//! Given/When/Then.
