//! Tests that tell nothing, and one that fails while others listen.

use ironflow_domain::events;
use ironflow_testing::given;

use crate::stories::{Door, DoorEvent, Open};

mod silent {
    #[test]
    fn it_tells_nothing() {
        assert_eq!(1 + 1, 2);
    }
}

mod failing {
    use super::*;

    #[test]
    fn it_fails_while_somebody_listens() {
        let listened_to = std::env::var_os("IRONFLOW_STORIES_TO").is_some();
        given::<Door>(events![]).when(Open).then(if listened_to {
            events![]
        } else {
            events![DoorEvent::Opened]
        });
    }
}
