//! A new field whose value stands in the metadata of the old events; and a step that may fail.

use ironflow_domain::{EventRef, Upcast, UpcastResult, event};
use serde::{Deserialize, Serialize};

/// What happens to a contract.
#[event("contract")]
pub enum ContractEvent {
    /// Somebody signed it.
    #[event(version = 2, upcast(SignedV1))]
    Signed(Signed),
}

/// The payload as it is recorded today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signed {
    /// Who signed.
    pub by: String,
}

/// Before it was part of what happened who signed.
#[derive(Debug, Deserialize)]
pub struct SignedV1 {}

impl Upcast<SignedV1> for Signed {
    fn upcast(_: SignedV1, event: &EventRef<'_>) -> UpcastResult<Self> {
        let by = event.read_metadata()?.issued_by;
        Ok(Self {
            by: by.ok_or("nobody issued the command")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::{Metadata, events};
    use ironflow_testing::stored;
    use serde_json::json;

    use super::{ContractEvent, Signed};

    #[test]
    fn who_issued_the_command_signed() {
        let mut metadata = Metadata::default();
        metadata.issued_by = Some("Ann".into());
        stored::<ContractEvent>("contract.signed", 1, json!({}))
            .metadata(metadata)
            .then(events![ContractEvent::Signed(Signed { by: "Ann".into() })]);
    }

    #[test]
    fn a_contract_that_nobody_signed_is_not_guessed_at() {
        stored::<ContractEvent>("contract.signed", 1, json!({}))
            .then_unreadable("nobody issued the command");
    }
}
