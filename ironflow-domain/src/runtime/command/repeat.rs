//! Whether a command was executed before.

use super::issued::Issued;
use crate::store::{ReadStream, Store};
use crate::{Aggregate, Command, EventId, ExecuteError, Receipt};

impl<C: Command> Issued<C> {
    /// What the log says became of the command; nothing where it says nothing.
    pub(super) async fn recorded(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Receipt>, ExecuteError<<C::Aggregate as Aggregate>::Error>> {
        let command_id = &self.metadata.command_id;
        let first = store.find_event(EventId::derive(command_id, 0)).await?;
        let Some(first) = first else {
            return Ok(None);
        };
        let command = first.metadata.command.unwrap_or_default();
        // Where one of them is not known, a program of before recorded it, or another one asks.
        let hashes = first.metadata.command_hash.zip(self.content_hash.as_ref());
        let says_the_same = hashes.is_none_or(|(recorded, own)| recorded == *own);
        let is_same = first.stream == self.stream && command == self.command.name();
        if !is_same || !says_the_same {
            return Err(ExecuteError::CommandIdReused {
                command_id: command_id.clone(),
                stream: first.stream,
                command,
                says_otherwise: is_same,
            });
        }
        let mut receipt = self.receipt(first.version, Some(first.position), Vec::new());
        receipt.duplicate = true;
        let mut next = Some(first.version);
        while let Some(from) = next {
            let page = store
                .read_stream(&self.stream, ReadStream::forward(from).limit(100))
                .await?;
            next = page.next;
            for event in page.events.iter() {
                if event.id != EventId::derive(command_id, receipt.event_ids.len()) {
                    return Ok(Some(receipt));
                }
                receipt.event_ids.push(event.id);
                receipt.version = event.version;
                receipt.position = Some(event.position);
            }
        }
        Ok(Some(receipt))
    }
}
