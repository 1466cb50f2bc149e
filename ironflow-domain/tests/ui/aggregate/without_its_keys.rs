use ironflow_domain::{Aggregate, Fold, event};

#[event("book")]
enum BookEvent {
    Lent,
}

#[derive(Debug)]
struct BookError;

impl std::error::Error for BookError {}

impl std::fmt::Display for BookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

#[derive(Aggregate, Default)]
#[aggregate(BookEvent, BookError)]
struct Book;

impl Fold for Book {
    fn fold(&mut self, _: &BookEvent) {}
}

#[derive(Aggregate, Default)]
#[aggregate(event: BookEvent, error(BookError))]
struct Journal;

impl Fold for Journal {
    fn fold(&mut self, _: &BookEvent) {}
}

#[derive(Aggregate, Default)]
#[aggregate(events = BookEvent, err = BookError, category = "journal")]
struct Comic;

impl Fold for Comic {
    fn fold(&mut self, _: &BookEvent) {}
}

fn main() {}
