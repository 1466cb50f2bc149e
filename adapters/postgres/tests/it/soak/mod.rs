//! Processes append and read while they are killed, their server is, and others are in the way: at
//! the end, every reader has read every acknowledged event exactly once, in order.
//!
//! A [`conductor`] has a server of its own and starts this program again as several processes. Each
//! has [`writer`]s, some of which are [`orders`] given through the runtime, and one [`reader`]. What
//! was acknowledged is in a [`journal`] before it counts, and what was read is in another together
//! with the checkpoint: a process that is killed loses neither. The conductor does what can happen,
//! at random, and in the end everybody reads to the end. Then the [`verdict`] compares the journals
//! with the [`log`].
//!
//! `IRONFLOW_SOAK_SECONDS=600` is for how long, `IRONFLOW_SOAK_SEED=7` is where the random numbers
//! begin. Both are printed, and said with whatever goes wrong. The same seed leads to the same
//! disturbances in the same order, and not to the same moments.

mod account;
mod conductor;
mod hindrance;
mod journal;
mod log;
mod orders;
mod process;
mod reader;
mod settings;
mod unit;
mod verdict;
mod writer;

#[test]
fn every_acknowledged_event_is_read_exactly_once_in_order_by_every_reader() {
    if process::is_child() {
        return process::work();
    }
    conductor::conduct(
        "soak::every_acknowledged_event_is_read_exactly_once_in_order_by_every_reader",
    );
}
