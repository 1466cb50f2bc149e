//! The laws: a sound domain keeps them, one with a bug does not, and the failure says why.

mod broken;
mod listens;
mod sound;
mod zoo;
