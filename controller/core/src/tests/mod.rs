//! The control law on a bench of virtual time.

mod air;
mod alarms;
mod barriers;
mod boluses;
mod cases;
mod checkpoints;
mod corners;
mod displaced;
mod dose;
mod late;
mod losses;
mod oracles;
mod properties;
mod refills;
mod restarts;
mod resting;
mod rig;
mod scenarios;
mod shortfall;
mod states;
mod stops;
mod subjects;
mod waits;
mod watching;
