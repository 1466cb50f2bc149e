use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened { owner: String },
}

impl std::fmt::Debug for AccountEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opened { owner: … }")
    }
}

fn main() {}
