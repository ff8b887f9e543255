//! From options to running threads, and back to rest.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use pump_control::Server;
use pump_core::quantity::Nanoseconds;
use pump_hal::LiveMotor as _;
use pump_journal::{Boot, Store};
use pump_lane::lane;
use pump_prescription::{Device, Input};
use pump_rt::latency::CpuDmaLatency;
use pump_rt::{clock, memory};
use rustix::fs::{FlockOperation, flock};
use sd_notify::NotifyState;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::books::Books;
use crate::catalogue::{Installed, default_folders, find_host};
use crate::crew::Crew;
use crate::dosing::{Begin, Dosing, Ends, LinkEnds};
use crate::durable::{self, OffTime};
use crate::faults::{Faults, Victim};
use crate::indicators::{Indicators, Panel};
use crate::inputs::Inputs;
use crate::journal::disk::{Disk, DiskStatus};
use crate::journal::{Journal, JournalParts};
use crate::judge::Judge;
use crate::link::{Link, LinkStatus};
use crate::messages::Note;
use crate::options::Options;
use crate::preflight::{self, Site, Watched};
use crate::rig::Rig;
use crate::sentinel::Sentinel;
use crate::service::{Desk, DeskParts};
use crate::vitals::Vitals;
use crate::watchdog::{HardwareWatchdog, Watchdog};
use crate::{stamp, table, words};

/// Messages that fit into a lane: what a thread may leave lying for a while.
const FEW: usize = 64;
const SOME: usize = 1024;
const MANY: usize = 4096;
/// The longest turn of the control thread.
const TURN: Duration = Duration::from_millis(20);

/// Runs the daemon until a signal ends it.
///
/// # Errors
/// Why it can't run, with what to do.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let device = device(&options.config)?;
    let _lock = state_dir(&options.state_dir)?;
    if let Some(folder) = options.socket.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let (store, recovered) = Store::open(&options.state_dir).map_err(|error| error.to_string())?;
    let boot = Boot::current().map_err(|e| format!("/proc does not name this boot: {e}"))?;
    let resumed = durable::resume(
        recovered.durable.as_ref(),
        recovered.last.as_ref(),
        &stamp::now(boot),
    )
    .map_err(|why| format!("what the journal of the last run holds can't be used: {why}"))?;
    let books = Books::resumed(&resumed);
    let mut server = Server::bind(&options.socket).map_err(|error| error.to_string())?;
    let host = find_host()?;
    let mut folders = default_folders();
    folders.extend(options.strategies.iter().cloned());

    // A simulated pump asks for what root would get and does without otherwise.
    let realtime = !options.sim || rustix::process::geteuid().is_root();
    memory::calm_heap();
    if realtime && let Err(error) = memory::lock_all() {
        log::warn!("memory could not be locked: {error}");
    }
    let awake = match realtime {
        true => CpuDmaLatency::hold().map_err(|error| error.to_string()),
        false => Err("it was not asked for".to_owned()),
    };

    let began = clock::now();
    let vitals = Arc::new(Vitals::new());
    let faults = Arc::new(Faults::new(began, options.fault.clone()));
    let rig = match options.sim {
        true => Rig::simulated(
            &device,
            options.witness.as_deref().map(witness).transpose()?,
            panel(options.indicator_tape.as_deref())?,
        ),
        false => Rig::on_lines(&device)?,
    };
    let brake = rig.motor.brake();
    let wired = rig.panel.wired();

    let (tasks, tasks_out) = lane(FEW);
    let (news_in, news) = lane(SOME);
    let (waits_in, waits) = lane(FEW);
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
            faults: Arc::clone(&faults),
            unlimited_respawns: options.unlimited_respawns,
        });
        LinkEnds { snapshots, from }
    });
    let ends = Ends {
        tasks: tasks_out,
        news: news_in,
        waits: waits_in,
        lines,
        records: records_in,
        credits,
        links: ends,
    };

    // A simulated pump may share its machine with others.
    let cpu = device.cpu.filter(|_| !options.sim);
    let mut crew = Crew {
        realtime,
        cpu: cpu.and_then(|cpu| usize::try_from(cpu).ok()),
        brake: Arc::clone(&brake),
        vitals: Arc::clone(&vitals),
        threads: Vec::new(),
        refusals: Vec::new(),
    };
    let tape = options.tape.as_deref().map(tape).transpose()?;
    let begin = Begin {
        pump: resumed.pump.clone(),
        clock: resumed.clock,
        arming: resumed.arming,
        tape: tape.is_some(),
    };
    let dosing = Dosing::new(
        begin,
        rig.motor,
        rig.heart,
        ends,
        Arc::clone(&vitals),
        Arc::clone(&faults),
    );
    crew.add(&table::LOOP, move || dosing.run())?;
    let sentinel = Sentinel {
        vitals: Arc::clone(&vitals),
        brake,
        counter: rig.counter,
    };
    crew.add(&table::SENTINEL, move || sentinel.run())?;
    let inputs = Inputs {
        source: rig.inputs,
        to_loop: lines_in,
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
    };
    crew.add(&table::INPUTS, move || inputs.run())?;
    for (spec, link) in table::LINKS.iter().zip(links) {
        crew.add(spec, move || link.run())?;
    }

    let (notes, notes_out) = mpsc::channel();
    let (batches_in, batches) = mpsc::channel();
    let (done, done_out) = mpsc::channel();
    let disk_status = Arc::new(DiskStatus::default());
    let disk = Disk {
        store,
        boot,
        batches,
        done,
        status: Arc::clone(&disk_status),
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
    };
    crew.add(&table::DISK, move || disk.run())?;
    let parts = JournalParts {
        records,
        notes: notes_out,
        credits: credits_in,
        disk: batches_in,
        done: done_out,
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
        clock: resumed.clock,
        boot,
        tape,
    };
    let _ = notes.send(Note::Entry {
        kind: "daemon-started",
        body: serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "simulated": options.sim,
            "arming": resumed.arming,
            "in_good_order": recovered.clean,
            "issued_steps": resumed.issued.0,
            "uncertain_steps": resumed.uncertain.0,
            "pump_ns": resumed.clock.now().0,
            "off_time": resumed.off_time.tell(),
        }),
    });
    let remembered = resumed.pump.remembered(resumed.clock.now());
    let journal = Journal::new(parts, resumed.pump, resumed.arming, books.clone());
    crew.add(&table::JOURNAL, move || journal.run())?;

    let (watchdog, watched) = watchdog(options, &device, &vitals);
    crew.add(&table::WATCHDOG, move || watchdog.run())?;
    let indicators = Indicators {
        panel: rig.panel,
        vitals: Arc::clone(&vitals),
        faults: Arc::clone(&faults),
    };
    crew.add(&table::INDICATORS, move || indicators.run())?;
    let (cases, cases_in) = mpsc::channel();
    let (verdicts_in, verdicts) = mpsc::channel();
    let judge = Judge {
        cases: cases_in,
        verdicts: verdicts_in,
        catalogue: Installed::new(host, folders, Arc::clone(&vitals)),
        vitals: Arc::clone(&vitals),
    };
    crew.add(&table::JUDGE, move || judge.run())?;

    let site = Site {
        simulated: options.sim,
        realtime,
        refusals: std::mem::take(&mut crew.refusals),
        vitals: Arc::clone(&vitals),
        lines: rig.lines,
        wired,
        watched,
        deep_sleep: awake.as_ref().err().cloned(),
        disk: Arc::clone(&disk_status),
        state_dir: options.state_dir.clone(),
        shortest: shortest(&device),
    };
    let mut desk = Desk::new(DeskParts {
        tasks,
        news,
        waits,
        notes,
        jobs,
        links: statuses,
        vitals: Arc::clone(&vitals),
        disk: disk_status,
        clock: resumed.clock,
        cases,
        verdicts,
        device: options.config.clone(),
        device_sha256: device.sha256,
        simulated: options.sim,
        wired,
        books,
        remembered,
        planned: table::planned(),
        preflight: Box::new(move |aim| preflight::run(&site, aim)),
    });
    let at_desk = Arc::clone(&vitals);
    let socket = options.socket.display().to_string();
    crew.add(&table::CONTROL, move || {
        while !at_desk.is_ending() {
            faults.visit(Victim::Control, clock::now(), &at_desk);
            if let Err(error) = server.turn(&mut desk, TURN) {
                log::error!("the control socket: {error}");
                clock::sleep_until(clock::now().after(Nanoseconds::from_secs(1)));
            }
        }
        server.close(&mut desk);
    })?;

    let signalled = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&signalled))
            .map_err(|error| format!("signals can't be caught: {error}"))?;
    }
    let took = clock::now().since(began).0 / 1_000_000;
    let which = if options.sim { "a simulated" } else { "the" };
    log::info!("ready after {took} ms: {which} pump, disarmed; listening at {socket}");
    if recovered.created {
        log::info!("the journal is new: of what was given before nothing is known");
    }
    match resumed.off_time {
        OffTime::None | OffTime::SameBoot => {}
        OffTime::Known(span) => {
            log::info!("the power was off for {} at least", words::time(span.0));
        }
        OffTime::Unknown(why) => log::info!("time without power counts as none: {why}"),
    }
    if resumed.uncertain.0 > 0 {
        log::warn!(
            "{} steps may or may not have been given when the last run ended; they count as given",
            resumed.uncertain.0
        );
    }
    tell_systemd(&[NotifyState::Ready]);
    while !signalled.load(Ordering::Acquire) && crew.is_whole() {
        std::thread::sleep(Duration::from_millis(20));
    }
    tell_systemd(&[NotifyState::Stopping]);
    let ended = crew.end();
    drop(awake);
    ended
}

/// Without systemd nobody hears it, which is no error.
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd can't be told: {error}");
    }
}

/// Who watches the daemon. A simulated pump leaves the hardware's watchdog alone.
fn watchdog(options: &Options, device: &Device, vitals: &Arc<Vitals>) -> (Watchdog, Watched) {
    let device = device.watchdog.as_ref().filter(|_| !options.sim);
    let opened = device.map(|path| (path, HardwareWatchdog::open(path.as_ref())));
    let (hardware, found) = match opened {
        None => (None, None),
        Some((path, Ok(hardware))) => (Some(hardware), Some(Ok(path.clone()))),
        Some((path, Err(error))) => (None, Some(Err(format!("{path} can't be opened: {error}")))),
    };
    let systemd = sd_notify::watchdog_enabled();
    let watched = Watched {
        hardware: found,
        systemd: systemd.map(|within| Nanoseconds(u64::try_from(within.as_nanos()).unwrap_or(0))),
    };
    let watchdog = Watchdog {
        hardware,
        systemd: systemd.is_some(),
        vitals: Arc::clone(vitals),
    };
    (watchdog, watched)
}

/// The shortest interval between two steps that a prescription may come to on this device.
fn shortest(device: &Device) -> Nanoseconds {
    let (step, rate) = (device.volume_per_step.value, device.max_rate.value);
    let interval = step.over(rate).map_or(0, |ns| ns.floor());
    Nanoseconds(u64::try_from(interval).unwrap_or(u64::MAX))
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

fn witness(path: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| format!("the witness {}: {error}", path.display()))
}

/// Lights and buzzer of a simulated pump.
fn panel(tape: Option<&Path>) -> Result<Panel, String> {
    let shown = tape.map_or(String::new(), |path| path.display().to_string());
    let failed = |error: std::io::Error| format!("the tape {shown}: {error}");
    let tape = tape.map(|path| File::options().create(true).append(true).open(path));
    Panel::in_memory(tape.transpose().map_err(failed)?).map_err(failed)
}

fn tape(path: &Path) -> Result<BufWriter<File>, String> {
    let failed = |error: std::io::Error| format!("the tape {}: {error}", path.display());
    let mut tape = BufWriter::new(File::create(path).map_err(failed)?);
    writeln!(tape, "due_ns,issued_ns,taken").map_err(failed)?;
    Ok(tape)
}
