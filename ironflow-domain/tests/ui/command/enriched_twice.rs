use ironflow_domain::{Ironflow, store::MemoryStore};

struct Customers;
struct Catalogue;

fn main() {
    let _ = Ironflow::new(MemoryStore::new())
        .enrich(Customers)
        .enrich(Catalogue);
}
