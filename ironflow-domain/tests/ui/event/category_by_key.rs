use ironflow_domain::event;

#[event(category = "account", dropped("account.viewed"))]
enum AccountEvent {
    Opened,
}

fn main() {}
