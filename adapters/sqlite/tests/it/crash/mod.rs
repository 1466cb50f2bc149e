//! A process dies between any two steps of a command, and its client tries again: there is one
//! effect each time.
//!
//! A step is a call of the store, before and after it, a line in the file of side effects, and an
//! answer to the client. A round begins with a new file and a list of orders. It ends when the
//! client has an answer for each, however many processes have died at it; what must hold is looked
//! up in the file after every death.
//!
//! A process dies in one of two ways. In [`rounds`], a task makes no further step and its runtime
//! is dropped: that is cheap enough for thousands of rounds. In [`killed`], real processes end
//! themselves at a step, or are killed at a random moment. Besides, one may stand still at a step
//! and go on when others have done its work.
//!
//! `IRONFLOW_CRASH_ROUNDS=5000` is how many random rounds there are to be of each cheap kind, and a
//! tenth of that with processes. `IRONFLOW_CRASH_SEED=7` is where their numbers begin; whatever
//! goes wrong says in which round it was.

mod account;
mod client;
mod effects;
mod every_step;
mod here;
mod history;
mod hot;
mod killed;
mod orders;
mod rounds;
mod steps;
mod work;
