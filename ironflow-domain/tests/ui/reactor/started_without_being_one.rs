use ironflow_domain::Ironflow;
use ironflow_domain::store::MemoryStore;

struct Mails;

async fn start() {
    let _ = Ironflow::new(MemoryStore::new()).reactor(Mails).start().await;
}

fn main() {}
