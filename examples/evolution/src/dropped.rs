//! What is of no use any more, and what is stored nowhere any more.

use ironflow_domain::event;

/// What happens to a page.
#[event("page", dropped("page.viewed"), retired("page.tried_out"))]
pub enum PageEvent {
    /// Somebody wrote it. Of version 1 no event is stored.
    #[event(version = 2, upcast(_))]
    Written {
        /// What.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::PageEvent;

    #[test]
    fn nothing_comes_of_a_view() {
        stored::<PageEvent>("page.viewed", 3, json!({ "by": "Ann" })).then(events![]);
    }

    #[test]
    fn what_should_not_be_stored_is_not_passed_over() {
        stored::<PageEvent>("page.tried_out", 1, json!({})).then_unreadable("declared retired");
        stored::<PageEvent>("page.written", 1, json!({})).then_unreadable("declared retired");
    }
}
