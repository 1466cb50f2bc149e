//! Texts that fit a schema.

use serde_json::Value;

/// A text of the schema's format, or else the name of the field it stands in.
pub(super) fn text(schema: &Value, name: &str) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => "3f2b8c1e-5d47-4a6b-9e0f-7c1a2b3d4e5f",
        Some("date-time") => "2026-04-17T14:22:01Z",
        Some("date") => "2026-04-17",
        Some("time") => "14:22:01",
        Some("partial-date-time") => "2026-04-17T14:22:01",
        Some("duration") => "PT1H",
        Some("uri" | "url") => "https://example.org/",
        Some("email") => "ann@example.org",
        Some("ip" | "ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("decimal") => "1.50",
        _ if name.is_empty() => "text",
        _ => name,
    };
    let length = |keyword, unless| {
        let length = schema
            .get(keyword)
            .and_then(Value::as_u64)
            .unwrap_or(unless);
        usize::try_from(length).unwrap_or(usize::MAX)
    };
    let long = text.chars().chain(std::iter::repeat('x'));
    let wanted = text
        .chars()
        .count()
        .clamp(length("minLength", 0), length("maxLength", u64::MAX));
    long.take(wanted).collect()
}
