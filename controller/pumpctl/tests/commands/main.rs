//! The commands as their users see them: the real program with the real plugins.

mod check;
mod daemon;
mod history;
mod manners;
mod plugin;
mod rig;
mod scenarios;
mod simulate;
mod strategy;
