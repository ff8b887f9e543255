//! The commands as their users see them: the real program with the real plugins.

mod check;
mod daemon;
mod export;
mod first_hour;
mod fmt;
mod history;
mod manners;
mod new;
mod plugin;
mod replay;
mod report;
mod rig;
mod scenarios;
mod schema;
mod screens;
mod shell;
mod simulate;
mod strategy;
#[path = "../../src/stretch/written.rs"]
mod written;
