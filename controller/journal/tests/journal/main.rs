//! The journal as its callers see it.

mod life;
mod migration;
mod places;
mod refusals;
mod retention;
mod rig;
mod tampering;
