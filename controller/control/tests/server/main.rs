//! The server as its clients meet it: over a real socket, with a small service behind it.

mod flood;
mod manners;
mod rest;
mod rig;
mod watchers;
