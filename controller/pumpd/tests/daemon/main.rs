//! The daemon as its users meet it: a process, a socket, real strategies in real children.
//!
//! Nothing here measures time: what is awaited is awaited until it comes.

mod durable;
mod life;
mod rig;
mod zoo;
