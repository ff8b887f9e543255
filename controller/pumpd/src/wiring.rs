//! From options to running threads, and back to rest.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use pump_control::Server;
use pump_core::quantity::Steps;
use pump_hal::bench::bench;
use pump_hal::{Brake, LiveMotor as _, Mechanics};
use pump_lane::lane;
use pump_prescription::{Device, Input};
use pump_rt::thread::{Setting, Spec, Thread, spawn};
use pump_rt::{clock, memory};
use rustix::fs::{FlockOperation, flock};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::catalogue::{Installed, default_folders, find_host};
use crate::dosing::{Dosing, Ends, LinkEnds};
use crate::faults::{Faults, Victim};
use crate::inputs::Inputs;
use crate::journal::Journal;
use crate::link::{Link, LinkStatus};
use crate::options::Options;
use crate::preflight::{self, Site};
use crate::sentinel::Sentinel;
use crate::service::{Desk, DeskParts};
use crate::table;
use crate::vitals::Vitals;

/// Messages that fit into a lane: what a thread may leave lying for a while.
const FEW: usize = 64;
const MANY: usize = 4096;
/// The longest turn of the control thread.
const TURN: Duration = Duration::from_millis(20);

/// Runs the daemon until a signal ends it.
///
/// # Errors
/// Why it can't run, with what to do.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let device = device(&options.config)?;
    if !options.sim {
        return Err(
            "this version drives a simulated pump only, for want of a durable journal: use --sim"
                .to_owned(),
        );
    }
    let _lock = state_dir(&options.state_dir)?;
    if let Some(folder) = options.socket.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let mut server = Server::bind(&options.socket).map_err(|error| error.to_string())?;
    let host = find_host()?;
    let mut folders = default_folders();
    folders.extend(options.strategies.iter().cloned());

    // A simulated pump asks for what root would get and does without otherwise.
    let realtime = rustix::process::geteuid().is_root();
    memory::calm_heap();
    if realtime && let Err(error) = memory::lock_all() {
        log::warn!("memory could not be locked: {error}");
    }

    let began = clock::now();
    let vitals = Arc::new(Vitals::new());
    let faults = Arc::new(Faults::new(began, options.fault.clone()));
    let mechanics = Mechanics {
        step_pulse: device.step_pulse,
        dir_setup: device.dir_setup,
        enable_settle: device.enable_settle,
    };
    // How much the reservoir holds is the ledger's business; the bench's never runs dry.
    let (motor, sources, heart, _bench) = bench(Steps(u64::MAX / 2), mechanics);
    let brake = motor.brake();

    let (tasks, tasks_out) = lane(FEW);
    let (news_in, news) = lane(MANY);
    let (lines_in, lines) = lane(FEW);
    let (records_in, records) = lane(MANY);
    let (credits_in, credits) = lane(FEW);
    let mut jobs = Vec::new();
    let mut statuses = Vec::new();
    let mut links = Vec::new();
    let ends = std::array::from_fn(|place| {
        let (snapshots, snapshots_out) = lane(FEW);
        let (to_loop, from) = lane(FEW);
        let (job, jobs_out) = mpsc::channel();
        let status = Arc::new(LinkStatus::default());
        jobs.push(job);
        statuses.push(Arc::clone(&status));
        links.push(Link {
            place,
            snapshots: snapshots_out,
            to_loop,
            jobs: jobs_out,
            status,
            vitals: Arc::clone(&vitals),
            host: host.clone(),
            unlimited_respawns: options.unlimited_respawns,
        });
        LinkEnds { snapshots, from }
    });
    let ends = Ends {
        tasks: tasks_out,
        news: news_in,
        lines,
        records: records_in,
        credits,
        links: ends,
    };

    let mut crew = Crew {
        realtime,
        brake: Arc::clone(&brake),
        vitals: Arc::clone(&vitals),
        threads: Vec::new(),
        refusals: Vec::new(),
    };
    let dosing = Dosing::new(
        motor,
        Some(heart),
        ends,
        Arc::clone(&vitals),
        Arc::clone(&faults),
    );
    crew.add(&table::LOOP, move || dosing.run())?;
    let sentinel = Sentinel {
        vitals: Arc::clone(&vitals),
        brake,
    };
    crew.add(&table::SENTINEL, move || sentinel.run())?;
    let inputs = Inputs {
        source: sources,
        to_loop: lines_in,
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
    };
    crew.add(&table::INPUTS, move || inputs.run())?;
    for (spec, link) in table::LINKS.iter().zip(links) {
        crew.add(spec, move || link.run())?;
    }
    let journal = Journal {
        records,
        credits: credits_in,
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
        tape: options.tape.as_deref().map(tape).transpose()?,
    };
    crew.add(&table::JOURNAL, move || journal.run())?;

    let site = Site {
        simulated: options.sim,
        realtime,
        refusals: std::mem::take(&mut crew.refusals),
        vitals: Arc::clone(&vitals),
    };
    let mut desk = Desk::new(DeskParts {
        tasks,
        news,
        jobs,
        links: statuses,
        vitals: Arc::clone(&vitals),
        catalogue: Installed::new(host, folders),
        device: options.config.clone(),
        simulated: options.sim,
        planned: table::planned(),
        preflight: Box::new(move || preflight::run(&site)),
    });
    let at_desk = Arc::clone(&vitals);
    let socket = options.socket.display().to_string();
    crew.add(&table::CONTROL, move || {
        while !at_desk.is_ending() {
            faults.visit(Victim::Control, clock::now(), &at_desk);
            if let Err(error) = server.turn(&mut desk, TURN) {
                log::error!("the control socket: {error}");
                clock::sleep_until(
                    clock::now().after(pump_core::quantity::Nanoseconds::from_secs(1)),
                );
            }
        }
        server.close(&mut desk);
    })?;

    let signalled = Arc::new(std::sync::atomic::AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&signalled))
            .map_err(|error| format!("signals can't be caught: {error}"))?;
    }
    let took = clock::now().since(began).0 / 1_000_000;
    log::info!("ready after {took} ms: a simulated pump, disarmed; listening at {socket}");
    while !signalled.load(Ordering::Acquire) && crew.is_whole() {
        std::thread::sleep(Duration::from_millis(20));
    }
    crew.end()
}

/// Reads the device's file.
fn device(path: &Path) -> Result<Device, String> {
    let outcome = pump_prescription::check_device(&Input::open(path));
    outcome.device.ok_or_else(|| {
        format!(
            "{} is refused: {}\n{}",
            path.display(),
            outcome.report.summary(),
            outcome.report
        )
    })
}

/// Makes the state folder and takes it for this daemon alone, as long as the file is open.
fn state_dir(folder: &Path) -> Result<File, String> {
    let failed = |error: std::io::Error| {
        format!(
            "the state folder {} can't be used: {error}; name another with --state-dir DIR",
            folder.display()
        )
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        format!(
            "another pumpd uses the state folder {}: end it, or name another folder with \
             --state-dir DIR",
            folder.display()
        )
    })?;
    Ok(lock)
}

fn tape(path: &Path) -> Result<BufWriter<File>, String> {
    let failed = |error: std::io::Error| format!("the tape {}: {error}", path.display());
    let mut tape = BufWriter::new(File::create(path).map_err(failed)?);
    writeln!(tape, "due_ns,issued_ns,taken").map_err(failed)?;
    Ok(tape)
}

/// The threads of the daemon.
struct Crew {
    realtime: bool,
    brake: Arc<dyn Brake>,
    vitals: Arc<Vitals>,
    threads: Vec<Thread>,
    refusals: Vec<String>,
}

impl Crew {
    fn add(&mut self, spec: &Spec, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        let brake = Arc::clone(&self.brake);
        let vitals = Arc::clone(&self.vitals);
        // Whatever panics, the motor goes first.
        let on_panic = Arc::new(move || {
            vitals.braked.store(true, Ordering::Release);
            let _ = brake.cut();
        });
        let setting = Setting {
            realtime: self.realtime,
            cpu: None,
            on_panic: Some(on_panic),
        };
        let thread = spawn(spec, setting, body)
            .map_err(|error| format!("the thread {} can't be made: {error}", spec.name))?;
        if let Some(denied) = &thread.granted().error {
            let name = thread.name();
            self.refusals.push(format!(
                "{name}: {:?} refused, error {}",
                denied.what, denied.errno
            ));
        }
        self.threads.push(thread);
        Ok(())
    }

    /// Whether every thread still runs.
    fn is_whole(&self) -> bool {
        !self.threads.iter().any(Thread::is_finished)
    }

    /// Ends every thread: the loop stops the pump and disables the motor, the journal writes
    /// what is left.
    fn end(self) -> Result<(), String> {
        self.vitals.ending.store(true, Ordering::Release);
        let mut broken = Vec::new();
        for thread in self.threads {
            if let Err(panicked) = thread.join() {
                broken.push(format!("{}: {}", panicked.thread, panicked.message));
            }
        }
        let _ = self.brake.cut();
        if broken.is_empty() {
            log::info!("ended: the pump is stopped and its motor disabled");
            Ok(())
        } else {
            Err(format!("a thread has panicked: {}", broken.join("; ")))
        }
    }
}
