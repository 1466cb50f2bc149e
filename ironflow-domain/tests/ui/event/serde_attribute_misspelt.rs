use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened {
        #[serde(defualt)]
        owner: String,
    },
}

fn main() {}
