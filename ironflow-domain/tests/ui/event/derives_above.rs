use ironflow_domain::event;

#[derive(Debug, Clone)]
#[event("account")]
enum AccountEvent {
    Opened { owner: String },
}

#[derive(PartialEq)]
#[event("order")]
enum OrderEvent {
    Placed,
}

fn main() {}
