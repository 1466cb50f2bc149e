use ironflow_domain::event;
use serde::Deserialize;

#[event("book", dropped = "book.viewed", retired = ["book.tried", "book.tested"], replaced = ("book.sold", Sold))]
enum BookEvent {
    #[event(name "book.borrowed", version: 2, upcast[LentV1])]
    Lent { to: String },
    #[event(name = "book.came_back"; also_named = "book.back")]
    Returned,
    #[event(dropped = "book.lost")]
    Lost,
}

#[derive(Deserialize)]
struct Sold {
    to: String,
}

#[derive(Deserialize)]
struct LentV1 {
    who: String,
}

fn main() {}
