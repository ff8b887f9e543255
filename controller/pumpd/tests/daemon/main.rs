//! The daemon as its users meet it: a process, a socket, real strategies in real children.
//!
//! Nothing here measures time: what is awaited is awaited until it comes. What is measured is
//! in `benches/daemon`.

mod calls;
mod disk;
mod durable;
mod flood;
mod indicators;
mod keeping;
mod life;
mod papers;
mod proposals;
mod recording;
mod rig;
mod stalls;
mod tape;
mod zoo;
