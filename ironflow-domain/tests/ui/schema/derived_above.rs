use ironflow_domain::{Described, event};
use schemars::JsonSchema;

#[derive(JsonSchema)]
#[event("account")]
enum AccountEvent {
    Opened { owner: String },
}

fn describe<E: Described>() -> usize {
    E::schemas().len()
}

fn main() {
    describe::<AccountEvent>();
}
