//! The journal as its callers see it.

mod life;
mod refusals;
mod rig;
