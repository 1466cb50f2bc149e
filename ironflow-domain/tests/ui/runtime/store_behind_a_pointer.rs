use std::sync::Arc;

use ironflow_domain::{Ironflow, store::MemoryStore};

fn main() {
    let store = Arc::new(MemoryStore::new());
    let _ = Ironflow::new(Arc::clone(&store));
}
