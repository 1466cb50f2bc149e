use ironflow_domain::event;

#[event("account", by_hand(Clone))]
enum AccountEvent {
    Opened { owner: String },
}

fn main() {}
