//! What a caller says of a command besides what is asked.

use crate::store::ExpectedVersion;
use crate::{CommandId, CommandMetadata, CommandPolicy, InvalidCommandId, InvalidMetadata};

/// What a caller says of a command besides what is asked.
#[derive(Debug)]
pub(super) struct Said {
    /// The caller's id: only then may the command have been executed before.
    pub(super) command_id: Option<Result<CommandId, InvalidCommandId>>,
    pub(super) metadata: CommandMetadata,
    pub(super) expected: ExpectedVersion,
    pub(super) policy: Option<CommandPolicy>,
}

/// What was said, and can be relied on.
pub(super) struct Checked {
    pub(super) metadata: CommandMetadata,
    /// Whether the caller chose the id. A random one has not been used before.
    pub(super) is_repeatable: bool,
}

/// Why it cannot.
pub(super) enum Unsayable {
    CommandId(InvalidCommandId),
    Metadata(InvalidMetadata),
}

impl Said {
    pub(super) fn nothing() -> Self {
        Self {
            command_id: None,
            metadata: CommandMetadata::new(CommandId::random()),
            expected: ExpectedVersion::Any,
            policy: None,
        }
    }

    pub(super) fn check(
        command_id: Option<Result<CommandId, InvalidCommandId>>,
        mut metadata: CommandMetadata,
    ) -> Result<Checked, Unsayable> {
        let is_repeatable = command_id.is_some();
        if let Some(id) = command_id {
            metadata.command_id = id.map_err(Unsayable::CommandId)?;
        }
        metadata.check().map_err(Unsayable::Metadata)?;
        Ok(Checked {
            metadata,
            is_repeatable,
        })
    }
}

/// The functions to say it with, of what has it in a field `said`.
macro_rules! say {
    () => {
        /// The command's id, the idempotency key; a random one unless given.
        ///
        /// The same id again returns the first receipt, whatever happened in between. What is remembered
        /// are the events: a command that was refused, or that recorded nothing, is decided again. An id
        /// that was used for another command or another stream is refused; where the command implements
        /// `Serialize`, also one that was used for a command that said something else.
        pub fn command_id<I>(mut self, id: I) -> Self
        where
            I: TryInto<crate::CommandId>,
            I::Error: Into<crate::InvalidCommandId>,
        {
            self.said.command_id = Some(id.try_into().map_err(Into::into));
            self
        }

        /// Who issued it.
        pub fn issued_by(mut self, who: impl Into<String>) -> Self {
            self.said.metadata.issued_by = Some(who.into());
            self
        }

        /// The conversation it is part of; its own id unless given.
        pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
            self.said.metadata.correlation_id = Some(id.into());
            self
        }

        /// Whose data it is about.
        pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
            self.said.metadata.tenant_id = Some(id.into());
            self
        }

        /// The distributed trace it is part of, as a W3C `traceparent`.
        pub fn trace_id(mut self, traceparent: impl Into<String>) -> Self {
            self.said.metadata.trace_id = Some(traceparent.into());
            self
        }

        /// What the systems on the way of its trace add to it, as a W3C `tracestate`.
        pub fn trace_state(mut self, tracestate: impl Into<String>) -> Self {
            self.said.metadata.trace_state = Some(tracestate.into());
            self
        }

        /// Something else that is to ride beside every event of it, under a key of the application's own.
        pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.said.metadata.extra.insert(key.into(), value.into());
            self
        }

        /// Where it came from; `api` unless given.
        pub fn source(mut self, source: impl Into<::std::borrow::Cow<'static, str>>) -> Self {
            self.said.metadata.source = source.into();
            self
        }
    };
}

/// The function to say how hard to try with.
macro_rules! say_policy {
    () => {
        /// How hard to try, other than with the other commands of its type.
        pub fn policy(mut self, policy: crate::CommandPolicy) -> Self {
            self.said.policy = Some(policy);
            self
        }
    };
}

pub(super) use {say, say_policy};
