//! The clock that commands are issued by.

use std::time::SystemTime;

use crate::{CommandId, CommandMetadata};

impl CommandMetadata {
    /// Of a command that is issued now, and of which nothing else is known: for tests of an
    /// [`Enrich`](crate::Enrich).
    ///
    /// ```
    /// use ironflow_domain::{CommandId, CommandMetadata};
    ///
    /// let mut issued = CommandMetadata::new(CommandId::new("cmd-1")?);
    /// issued.issued_at = "2026-04-17T14:22:01Z".parse()?;
    /// assert_eq!(issued.source, "api");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(command_id: CommandId) -> Self {
        Self::at(command_id, SystemTime::now().into())
    }
}
