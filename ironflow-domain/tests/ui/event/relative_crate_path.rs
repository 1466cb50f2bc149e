use ironflow_domain as flow;

#[flow::event("account", crate = flow)]
enum AccountEvent {
    Opened,
}

mod inner {
    #[ironflow_domain::event("order", crate = super::flow)]
    enum OrderEvent {
        Placed,
    }
}

fn main() {}
