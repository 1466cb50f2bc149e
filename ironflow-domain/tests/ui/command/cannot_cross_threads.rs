use std::rc::Rc;

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

#[event("book")]
enum BookEvent {
    Lent,
}

#[derive(Aggregate, Default)]
#[aggregate(event = BookEvent, error = std::fmt::Error)]
struct Book;

impl Fold for Book {
    fn fold(&mut self, _: &BookEvent) {}
}

#[command(Book)]
struct Lend {
    #[id]
    book: u32,
    to: Rc<str>,
}

impl Decide<Lend> for Book {
    fn decide(&self, _: Lend) -> Decision<Self> {
        Ok(events![BookEvent::Lent])
    }
}

fn main() {}
