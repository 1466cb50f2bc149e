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
enum BookCommand {
    #[command(creates)]
    Buy {
        #[id]
        book: u32,
    },
    #[command(Book)]
    Lend {
        #[id]
        book: u32,
    },
}

impl Decide<BookCommand> for Book {
    fn decide(&self, _: BookCommand) -> Decision<Self> {
        Ok(events![BookEvent::Lent])
    }
}

fn main() {}
