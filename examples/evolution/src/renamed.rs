//! Another name for the same thing.

use ironflow_domain::event;

/// What happens to an invoice.
#[event("invoice")]
pub enum InvoiceEvent {
    /// The money is there. It was called `Paid` in the program and `invoice.paid` where it is
    /// stored.
    #[event(also_named("invoice.paid"))]
    PaymentCaptured {
        /// In cents.
        cents: u64,
    },
    /// This one has another name in the program only: what is stored stays as it was.
    #[event(name = "invoice.sent")]
    Mailed,
}

#[cfg(test)]
mod tests {
    use ironflow_domain::{Event, events};
    use ironflow_testing::stored;
    use serde_json::json;

    use super::InvoiceEvent;

    #[test]
    fn what_was_paid_is_captured() {
        let captured = InvoiceEvent::PaymentCaptured { cents: 5 };
        for name in ["invoice.paid", "invoice.payment_captured"] {
            stored::<InvoiceEvent>(name, 1, json!({ "cents": 5 })).then(events![captured.clone()]);
        }
        assert_eq!(captured.kind().name, "invoice.payment_captured");
        assert_eq!(InvoiceEvent::Mailed.kind().name, "invoice.sent");
    }
}
