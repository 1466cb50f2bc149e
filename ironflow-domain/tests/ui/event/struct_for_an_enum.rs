use ironflow_domain::event;

#[event("account")]
struct AccountOpened {
    owner: String,
}

fn main() {}
