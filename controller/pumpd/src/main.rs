//! The daemon: supervisor, link to the children, preflight, wiring. It decides nothing about
//! doses: `pump-core` does.
//!
//! | thread | what it does |
//! |---|---|
//! | `sentinel` | is the loop alive; drops ENABLE if not ([`sentinel`]) |
//! | `pump-loop` | the control law and every edge ([`dosing`]) |
//! | `inputs` | button and sensors ([`inputs`]) |
//! | `strategy-link-N` | one sandboxed child a regimen ([`link`]) |
//! | `journal`, `disk` | repeat and write down what is done, and grant credit ([`journal`]) |
//! | `watchdog` | tells systemd and the hardware that all is well ([`watchdog`]) |
//! | `indicators` | lights and a buzzer, as the alarms want them ([`indicators`]) |
//! | `judge` | checks prescriptions and has plugins looked at ([`judge`]) |
//! | `control` | the operators' socket ([`service`]) |
//!
//! [`table`] has their priorities, [`messages`] what passes between them.

mod alarm_test;
mod board;
mod books;
mod catalogue;
mod clock;
mod confirm;
mod counter;
mod crew;
mod dosing;
mod durable;
mod faults;
mod indicators;
mod inputs;
mod journal;
mod judge;
mod link;
mod messages;
mod options;
mod owed;
mod papers;
mod preflight;
mod propose;
mod refill;
mod rig;
mod sentinel;
mod service;
mod stamp;
mod status;
mod subject;
mod table;
mod vitals;
mod watchdog;
mod wiring;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: pump_rt::guard::GuardedAlloc = pump_rt::guard::GuardedAlloc;

fn main() -> ExitCode {
    let options = options::Options::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    match wiring::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            log::error!("{why}");
            ExitCode::FAILURE
        }
    }
}
