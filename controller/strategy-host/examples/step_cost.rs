//! What a step of a strategy costs: the program that `cargo bench-all step` runs.
//!
//! ```text
//! step_cost HELPER PLUGIN direct TIMES       in this process, to be counted by callgrind
//! step_cost HELPER PLUGIN sandbox TIMES      in a strategy-host, behind its socket
//! ```
//!
//! HELPER is the program `strategy-host`, and PLUGIN one that has the parameters of `pca`. It
//! is shown TIMES snapshots, a demand in every second and a closed lockout in every fourth. In
//! the sandbox the loop is that of the daemon's link: a packet out, a packet back. It prints
//! how many steps there were, and of the sandbox how long one took from the snapshot to the
//! order, in microseconds.

use std::error::Error;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
};
use strategy_abi::{
    BOLUS_DEMAND, ENTRY_SYMBOL, Entry, FOREVER, Fraction, Order, REASON_LOCKOUT, STATUS_OK,
    Snapshot,
};
use strategy_host::{Helper, Image, Sha256};
use strategy_link::protocol::{EMPTY, FromHost, ToHost, Values};

const SECOND: u64 = 1_000_000_000;

/// Before the clock counts, so that everything is in its place.
const WARMING: u64 = 200;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [helper, plugin, how, times] = words.as_slice() else {
        return usage();
    };
    let Ok(times) = times.parse() else {
        return usage();
    };
    let helper = Helper::at(helper);
    // A host has another working folder.
    let path = std::path::absolute(plugin).unwrap_or_default();
    let measured = match how.as_str() {
        "direct" => direct(&path, times),
        "sandbox" => sandbox(&helper, &path, times),
        _ => return usage(),
    };
    match measured {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {plugin}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: step_cost HELPER PLUGIN direct|sandbox TIMES");
    ExitCode::from(2)
}

/// 50 µL over 2 min, lockout 30 min, twice an hour and twelve times a day, beside 20 µL/h.
fn values() -> [Fraction; 9] {
    let whole = |num| Fraction { num, den: 1 };
    let basal = Fraction {
        num: 1,
        den: 180_000_000,
    };
    [
        whole(50_000),
        whole(120 * SECOND),
        whole(1_800 * SECOND),
        whole(0),
        whole(1),
        whole(0),
        whole(2),
        whole(12),
        basal,
    ]
}

fn snapshot(seq: u64) -> Snapshot {
    Snapshot {
        size: size_of::<Snapshot>() as u32,
        clock_good: 1,
        seq,
        now_ns: seq * SECOND,
        demand_id: if seq.is_multiple_of(2) { seq } else { 0 },
        lockout_left_ns: if seq.is_multiple_of(4) { SECOND } else { 0 },
        basal_granted: Fraction {
            num: 1,
            den: 180_000_000,
        },
        delivered_nl: seq,
        bolus_seq: 0,
        bolus_kind: 0,
        bolus_outcome: 0,
        bolus_reason: 0,
        bolus_running: 0,
        bolus_started_ns: 0,
        bolus_ended_ns: 0,
        bolus_delivered_nl: 0,
        utc_s: 1_767_225_600 + seq,
        local_offset_plus_day_s: 86_400,
        next_offset_change_utc_s: FOREVER,
    }
}

/// Whether that is what a PCA answers.
fn is_answer(seq: u64, order: &Order) -> bool {
    let expected = match seq % 4 {
        0 => (0, REASON_LOCKOUT),
        2 => (BOLUS_DEMAND, 0),
        _ => (0, 0),
    };
    order.seq == seq && (order.bolus_kind, order.refusal) == expected
}

/// Through the exported table, as the contract has it: callgrind can't run a probe.
fn direct(plugin: &Path, times: u64) -> Result<String, Box<dyn Error>> {
    // SAFETY: a strategy of ours, whose library has no constructors that matter; it stays open
    // to the end.
    let library = unsafe { libloading::Library::new(plugin) }?;
    // SAFETY: a strategy exports an entry by this name.
    let entry = unsafe { **library.get::<*const Entry>(ENTRY_SYMBOL)? };
    let (Some(create), Some(step)) = (entry.create, entry.step) else {
        return Err("its table is incomplete".into());
    };
    let values = values();
    let count = u32::try_from(values.len())?;
    let mut instance = std::ptr::null_mut();
    // SAFETY: as many values as are said, and a place for the instance.
    let status = unsafe { create(values.as_ptr(), count, &raw mut instance) };
    if status != STATUS_OK {
        return Err(format!("it refuses its values with {status}").into());
    }
    for seq in 1..=times {
        let snapshot = snapshot(seq);
        let mut order = EMPTY_ORDER;
        // SAFETY: an instance of this plugin, used by nobody else; both messages say their
        // sizes.
        let status = unsafe { step(instance, &raw const snapshot, &raw mut order) };
        if status != STATUS_OK || !is_answer(seq, &order) {
            return Err(format!("it answers {seq} with {status}, {order:?}").into());
        }
    }
    Ok(format!("calls={times}"))
}

const EMPTY_ORDER: Order = Order {
    size: size_of::<Order>() as u32,
    bolus_kind: 0,
    seq: 0,
    basal: Fraction { num: 0, den: 1 },
    bolus_volume: Fraction { num: 0, den: 1 },
    bolus_over_ns: 0,
    demand_id: 0,
    refusal: 0,
    reserved: 0,
    valid_for_ns: 0,
    wake_in_ns: 0,
};

/// A host process, killed where it is dropped.
struct Host {
    child: Child,
    socket: OwnedFd,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    fn start(helper: &Helper, plugin: &Path, sha256: Sha256) -> Result<Self, Box<dyn Error>> {
        let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        let (socket, theirs) = socketpair(family, kind, SocketFlags::CLOEXEC, None)?;
        let child = Command::new(helper.path())
            .arg("run")
            .arg("--plugin")
            .arg(plugin)
            .args(["--sha256", &sha256.to_string()])
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, socket })
    }

    /// The order that comes back; none where the host says that it is ready.
    fn ask(&self, question: &ToHost<'_>) -> Result<Option<Order>, Box<dyn Error>> {
        let mut buffer = EMPTY;
        let packet = question.encode(&mut buffer).map_err(|_| "it is too long")?;
        send(&self.socket, packet, SendFlags::NOSIGNAL)?;
        let mut buffer = EMPTY;
        let (_, length) = recv(&self.socket, &mut buffer[..], RecvFlags::empty())?;
        let packet = buffer.get(..length).ok_or("a packet that is too long")?;
        match FromHost::decode(packet) {
            Ok(FromHost::Ready { .. }) => Ok(None),
            Ok(FromHost::Stepped { order, .. }) => Ok(Some(order)),
            other => Err(format!("the host says {other:?}").into()),
        }
    }
}

fn sandbox(helper: &Helper, plugin: &Path, times: u64) -> Result<String, Box<dyn Error>> {
    let sha256 = Image::read(plugin)?.sha256();
    let host = Host::start(helper, plugin, sha256)?;
    let values = Values::new(&values()).ok_or("too many values")?;
    host.ask(&ToHost::Begin { values, state: &[] })?;
    let mut took = Vec::new();
    for seq in 1..=WARMING + times {
        let snapshot = snapshot(seq);
        let begun = Instant::now();
        let order = host.ask(&ToHost::Step { snapshot })?;
        let span = begun.elapsed();
        match order {
            Some(order) if is_answer(seq, &order) => took.push(span),
            other => return Err(format!("it answers {seq} with {other:?}").into()),
        }
    }
    let mut took = took.split_off(usize::try_from(WARMING)?);
    took.sort_unstable();
    let at = |percent: usize| {
        let place = took.len().saturating_sub(1) * percent / 100;
        took.get(place).map(|span| span.as_micros())
    };
    let (Some(p50), Some(p99), Some(most)) = (at(50), at(99), at(100)) else {
        return Err("no step was made".into());
    };
    Ok(format!("calls={times} p50={p50} p99={p99} max={most}"))
}
