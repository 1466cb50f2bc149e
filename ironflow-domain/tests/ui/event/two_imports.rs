use ironflow_domain::event;
use tracing::event;

#[event("account")]
enum AccountEvent {
    Opened,
}

fn main() {
    event!(tracing::Level::INFO, "opened");
}
