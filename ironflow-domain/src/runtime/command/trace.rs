//! The distributed trace that a command belongs to.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{CommandMetadata, TraceParent};

/// Lets the span of a command continue the trace that the caller gave, and else the one it is in;
/// and lets the command's events carry on from that span.
///
/// Where no subscriber of the program takes part in traces, what the caller gave stays.
pub(super) fn join(span: &Span, metadata: &mut CommandMetadata) {
    if let Some(parent) = given(metadata) {
        let context = Context::new().with_remote_span_context(parent);
        // It fails where nobody listens, and there is nothing to be joined then.
        let _ = span.set_parent(context);
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        let (trace, parent, flags) = (own.trace_id(), own.span_id(), own.trace_flags());
        metadata.trace_id = Some(format!("00-{trace}-{parent}-{:02x}", flags.to_u8()));
        let state = own.trace_state().header();
        // What is longer may be left out, as the recommendation has it.
        if !state.is_empty() && state.len() <= 512 {
            metadata.trace_state = Some(state);
        }
    }
}

/// The place in a trace that the caller gave; nothing where there is none, or it is none.
fn given(metadata: &CommandMetadata) -> Option<SpanContext> {
    let given = TraceParent::new(metadata.trace_id.as_deref()?).ok()?;
    let flags = u8::from_str_radix(given.as_str().rsplit('-').next()?, 16).ok()?;
    let state = metadata.trace_state.as_deref().unwrap_or_default();
    Some(SpanContext::new(
        TraceId::from_hex(given.trace()).ok()?,
        SpanId::from_hex(given.parent()).ok()?,
        TraceFlags::new(flags),
        true,
        state.parse::<TraceState>().unwrap_or_default(),
    ))
}
