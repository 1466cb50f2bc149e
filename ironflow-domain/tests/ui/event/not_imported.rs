#[event("account")]
enum AccountEvent {
    #[event(version = 2, upcast(_))]
    Opened { owner: String },
}

fn main() {}
