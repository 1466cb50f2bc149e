//! The in-memory store keeps every promise.

use ironflow_domain::store::MemoryStore;
use ironflow_testing::contract::Fixture;

ironflow_testing::store_contract!(open = || async { Fixture::new(MemoryStore::new()) });
