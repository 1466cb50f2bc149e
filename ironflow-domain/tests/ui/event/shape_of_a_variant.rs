use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Deposited(u64, String),
    Closed(),
}

#[event("order")]
enum OrderEvent {}

fn main() {}
