use ironflow_domain::{Described, event};
use schemars::JsonSchema;

#[event("account")]
#[derive(JsonSchema)]
enum AccountEvent {
    #[event(verson = 2, upcast(OpenedV1))]
    Opened { owner: String },
}

fn describe<E: Described>() -> usize {
    E::schemas().len()
}

fn main() {
    describe::<AccountEvent>();
}
