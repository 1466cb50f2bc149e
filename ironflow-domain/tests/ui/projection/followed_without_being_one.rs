use ironflow_domain::{Ironflow, store::MemoryStore};

#[derive(Default)]
struct Balance {
    cents: u64,
}

async fn run() {
    let _ = Ironflow::new(MemoryStore::new()).projection::<Balance>().start().await;
}

fn main() {}
