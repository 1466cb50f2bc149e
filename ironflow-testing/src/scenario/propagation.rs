//! What every event of a command must carry.

use ironflow_domain::{CommandMetadata, Metadata};

use super::diff;
use super::story::Story;

/// The metadata of a command's events: what is known about the command, and nothing less.
#[track_caller]
pub(super) fn metadata(issued: &CommandMetadata, command: &str, story: &Story) -> Metadata {
    let metadata = issued.for_events(command);
    let id = issued.command_id.as_str();
    let carried = serde_json::to_value(&metadata).unwrap_or_default();
    let mut expected = serde_json::Map::new();
    let conversation = issued.correlation_id.as_deref().unwrap_or(id);
    let known = [
        ("causationId", Some(id)),
        ("correlationId", Some(conversation)),
        ("tenantId", issued.tenant_id.as_deref()),
        ("traceId", issued.trace_id.as_deref()),
        ("traceState", issued.trace_state.as_deref()),
        ("issuedBy", issued.issued_by.as_deref()),
        ("issuedAt", Some(&*issued.issued_at.to_string())),
        ("command", Some(command)),
    ];
    for (key, value) in known {
        if let Some(value) = value {
            expected.insert(key.to_owned(), value.into());
        }
    }
    if !issued.extra.is_empty() {
        let extra = issued.extra.iter();
        let extra = extra.map(|(key, value)| (key.clone(), value.as_str().into()));
        expected.insert(
            "extra".to_owned(),
            serde_json::Value::Object(extra.collect()),
        );
    }
    let expected = serde_json::Value::Object(expected);
    if carried != expected
        || serde_json::from_value(expected.clone()).ok().as_ref() != Some(&metadata)
    {
        let fields = diff::fields(&expected, &carried)
            .into_iter()
            .map(|field| field.path);
        story.fail(
            "the events would not carry what is known about their command",
            &[(
                "But",
                format!(
                    "not in their metadata: {}",
                    fields.collect::<Vec<_>>().join(", ")
                ),
            )],
        );
    }
    metadata
}
