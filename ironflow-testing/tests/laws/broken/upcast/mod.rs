//! What is stored in old shapes, and an upcaster or a fold with a bug in it.

mod folding;
mod impure;
mod merged;
mod panicking;
mod refused;
mod stored;
