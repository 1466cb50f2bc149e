//! The laws: a sound domain keeps them, one with a bug does not, and the failure says why.

mod broken;
mod ids;
mod listens;
mod old_versions;
mod reach;
mod sound;
mod zoo;
