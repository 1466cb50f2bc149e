//! Events on their way to the table: a column each.

use harness::{AccountEvent, Envelope, Failure, Random};
use uuid::Uuid;

use crate::schema::Schema;

/// What is going to be inserted.
#[derive(Debug, Default)]
pub struct Rows {
    pub streams: Vec<String>,
    pub versions: Vec<i64>,
    pub names: Vec<&'static str>,
    pub payloads: Vec<Vec<u8>>,
    pub ids: Vec<Uuid>,
    pub metadata: Vec<String>,
}

impl Rows {
    /// Adds the events of one command; `version` is that of the stream before.
    pub fn add(
        &mut self,
        schema: Schema,
        stream: &str,
        version: i64,
        events: &[AccountEvent],
        random: &mut Random,
    ) -> Result<(), Failure> {
        for (event, version) in events.iter().zip(version + 1..) {
            self.streams.push(stream.to_owned());
            self.versions.push(version);
            self.names.push(event.name());
            self.payloads.push(event.payload()?.into_bytes());
        }
        if schema == Schema::Whole {
            let envelope = Envelope::new(events.len(), random)
                .map_err(|error| Failure::Failed(error.to_string()))?;
            for id in envelope.ids {
                self.ids.push(Uuid::from_u128(id));
                self.metadata.push(envelope.metadata.clone());
            }
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }
}
