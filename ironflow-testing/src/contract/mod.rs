//! Everything a store promises, as separately named tests.
