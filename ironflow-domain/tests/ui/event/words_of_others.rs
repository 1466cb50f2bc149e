use ironflow_domain::event;
use serde::Deserialize;

#[event(book, ignored("book.viewed"), moved("book.sold", Sold))]
enum BookEvent {
    #[event(alias = "book.borrowed")]
    Lent { to: String },
    #[event(rename = "book.came_back", aliases("book.back", "book.returned"))]
    Returned,
    #[event(v = 2, from(LostV1))]
    Lost { by: String },
}

#[derive(Deserialize)]
struct Sold {
    to: String,
}

#[derive(Deserialize)]
struct LostV1 {
    who: String,
}

impl From<LostV1> for BookEvent {
    fn from(old: LostV1) -> Self {
        Self::Lost { by: old.who }
    }
}

impl From<Sold> for BookEvent {
    fn from(old: Sold) -> Self {
        Self::Lent { to: old.to }
    }
}

fn main() {}
