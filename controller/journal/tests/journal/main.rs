//! The journal as its callers see it.

mod cuts;
mod life;
mod migration;
mod places;
mod refusals;
mod retention;
mod rig;
mod strace;
mod tampering;
mod troubles;
