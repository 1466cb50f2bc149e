//! What an event-sourcing product stores beside the event, for those who write it by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Random;

/// What is stored beside the events of one command.
#[derive(Debug)]
pub struct Envelope {
    /// A unique id for each event.
    pub ids: Vec<u128>,
    /// When it was recorded, in microseconds since 1970.
    pub time: i64,
    /// Who caused it, as JSON.
    pub metadata: String,
}

impl Envelope {
    /// For a command with so many events.
    ///
    /// # Errors
    ///
    /// When the clock is before 1970.
    pub fn new(
        events: usize,
        random: &mut Random,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut id = || u128::from(random.number()) << 64 | u128::from(random.number());
        let command = id();
        let ids = (0..events).map(|_| id()).collect();
        let time = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        let (high, low) = (command >> 64, command & u128::from(u64::MAX));
        let metadata = format!(
            r#"{{"causationId":"{high:016x}-{low:016x}","correlationId":"{high:016x}-{low:016x}","issuedAt":"{time}","issuedBy":"jo","command":"deposit"}}"#
        );
        Ok(Self {
            ids,
            time,
            metadata,
        })
    }
}
