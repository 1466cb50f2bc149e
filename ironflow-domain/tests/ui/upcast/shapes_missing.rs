use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    #[event(version = 2)]
    Opened { owner: String },
    #[event(version = 3)]
    Closed,
}

fn main() {}
