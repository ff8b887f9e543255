//! What the kernel says about this process: who runs when, and on what machine.
//!
//! All of it is read from `/proc` and `/sys` at the time of asking, because a table of what
//! was intended is no evidence. It allocates and reads files: for a thread that may wait.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pump_core::quantity::Nanoseconds;
use rustix::param::clock_ticks_per_second;

pub use crate::memory::{locked_kb, resident_kb};

/// One thread, as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadReport {
    /// Its name; the kernel keeps 15 bytes.
    pub name: String,
    /// Its number.
    pub tid: u32,
    /// When it runs.
    pub policy: Class,
    /// Its real-time priority, 1 to 99; 0 for a thread without one.
    pub priority: u8,
    /// The processors it may run on, as `0-1,3`.
    pub affinity: String,
    /// How often it waited.
    pub voluntary_switches: u64,
    /// How often it was interrupted for another one.
    pub involuntary_switches: u64,
    /// How many of its accesses found no page in memory: the ones that took a trip into the
    /// kernel, and those that took one to the disk.
    pub page_faults: (u64, u64),
    /// The processor time it used.
    pub cpu_time: Nanoseconds,
}

/// The kernel's scheduling classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// `SCHED_OTHER`.
    Normal,
    /// `SCHED_FIFO`.
    Fifo,
    /// `SCHED_RR`.
    RoundRobin,
    /// `SCHED_BATCH`.
    Batch,
    /// `SCHED_IDLE`.
    Idle,
    /// `SCHED_DEADLINE`.
    Deadline,
    /// One that this program doesn't know.
    Other,
}

impl Class {
    /// The name that `ps` and `chrt` give it, without `SCHED_`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "OTHER",
            Self::Fifo => "FIFO",
            Self::RoundRobin => "RR",
            Self::Batch => "BATCH",
            Self::Idle => "IDLE",
            Self::Deadline => "DEADLINE",
            Self::Other => "?",
        }
    }

    const fn of(number: u32) -> Self {
        match number {
            0 => Self::Normal,
            1 => Self::Fifo,
            2 => Self::RoundRobin,
            3 => Self::Batch,
            5 => Self::Idle,
            6 => Self::Deadline,
            _ => Self::Other,
        }
    }
}

/// Every thread of this process, in the order in which they were made.
///
/// # Errors
///
/// `/proc` is not there or can't be read. A thread that ends meanwhile is left out.
pub fn threads() -> io::Result<Vec<ThreadReport>> {
    let mut threads: Vec<_> = tasks()?.iter().filter_map(|task| thread(task)).collect();
    threads.sort_by_key(|thread| thread.tid);
    Ok(threads)
}

/// The folders of the threads. Where one ends meanwhile the kernel may pass over another in its
/// list, so lists are put together until one has nothing new.
fn tasks() -> io::Result<BTreeSet<PathBuf>> {
    /// More than that is a process whose threads come and go faster than they are listed.
    const LISTS: usize = 8;
    let mut tasks = BTreeSet::new();
    for _ in 0..LISTS {
        let before = tasks.len();
        for task in fs::read_dir("/proc/self/task")? {
            tasks.insert(task?.path());
        }
        if tasks.len() == before {
            break;
        }
    }
    Ok(tasks)
}

fn thread(task: &Path) -> Option<ThreadReport> {
    let read = |file| fs::read_to_string(task.join(file)).ok();
    let stat = Stat::of(&read("stat")?)?;
    let status = read("status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
    };
    // In nanoseconds; a kernel without scheduling statistics says zero, and then there are
    // the ticks of 10 ms.
    let exact = read("schedstat").and_then(|s| s.split(' ').next()?.trim().parse().ok());
    let cpu_time = exact.filter(|ns| *ns > 0).unwrap_or(stat.cpu_time_ns);
    Some(ThreadReport {
        name: read("comm")?.trim_end_matches('\n').to_owned(),
        tid: task.file_name()?.to_str()?.parse().ok()?,
        policy: Class::of(stat.policy),
        priority: stat.priority,
        affinity: field("Cpus_allowed_list:")?.to_owned(),
        voluntary_switches: field("voluntary_ctxt_switches:")?.parse().ok()?,
        involuntary_switches: field("nonvoluntary_ctxt_switches:")?.parse().ok()?,
        page_faults: stat.page_faults,
        cpu_time: Nanoseconds(cpu_time),
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    page_faults: (u64, u64),
    cpu_time_ns: u64,
    priority: u8,
    policy: u32,
}

impl Stat {
    /// Reads a line of `/proc/.../stat`; see proc_pid_stat(5).
    fn of(line: &str) -> Option<Self> {
        // The second field is the name in brackets, and a name may hold brackets and spaces.
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // As the manual counts them, from 1; the third is the first after the name.
        let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<u64>().ok();
        let ticks = field(14)?.saturating_add(field(15)?);
        let tick_ns = 1_000_000_000_u64.checked_div(clock_ticks_per_second())?;
        Some(Self {
            page_faults: (field(10)?, field(12)?),
            cpu_time_ns: ticks.saturating_mul(tick_ns),
            priority: field(40)?.try_into().ok()?,
            policy: field(41)?.try_into().ok()?,
        })
    }
}

/// How much of the time real-time threads may have, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// So many microseconds of each period; none where there is no limit.
    pub runtime_us: Option<u64>,
    /// The period in microseconds.
    pub period_us: u64,
}

/// What the kernel's real-time throttle is set to.
///
/// # Errors
///
/// The kernel doesn't say.
pub fn throttle() -> io::Result<Throttle> {
    let read = |name| {
        let text = fs::read_to_string(Path::new("/proc/sys/kernel").join(name))?;
        let number = text.trim().parse::<i64>();
        number.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {e}")))
    };
    Ok(Throttle {
        // −1 stands for none.
        runtime_us: read("sched_rt_runtime_us")?.try_into().ok(),
        period_us: read("sched_rt_period_us")?.unsigned_abs(),
    })
}

/// Whether the kernel is a PREEMPT_RT one. False where it doesn't say.
pub fn is_preempt_rt() -> bool {
    let flag = fs::read_to_string("/sys/kernel/realtime").is_ok_and(|s| s.trim() == "1");
    let uname = rustix::system::uname();
    flag || names_preempt_rt(&uname.version().to_string_lossy())
}

/// The version as `uname -v` prints it: `#1 SMP PREEMPT_RT Debian 6.1.140-1 (2025-05-22)`,
/// or `#1 SMP PREEMPT RT` of the years before.
fn names_preempt_rt(version: &str) -> bool {
    version.contains("PREEMPT_RT") || version.contains("PREEMPT RT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_full_of_brackets_does_not_shift_the_fields() {
        let line = "731 (a) b (c) S 1 731 731 0 -1 4194560 21 0 3 0 2 5 0 0 -81 0 1 0 993 0 0 \
                    18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 80 1 0 0 0 0 0 0 0 0 0 0 0";
        let stat = Stat::of(line).expect("a line of the kernel");
        assert_eq!(stat.page_faults, (21, 3));
        assert_eq!(
            stat.cpu_time_ns,
            7 * 1_000_000_000 / clock_ticks_per_second()
        );
        assert_eq!((stat.priority, Class::of(stat.policy)), (80, Class::Fifo));
    }

    #[test]
    fn a_line_that_is_cut_off_is_no_report() {
        for line in ["", "731", "731 (x", "731 (x)", "731 (x) S 1 2 3"] {
            assert_eq!(Stat::of(line), None, "{line}");
        }
    }

    #[test]
    fn a_real_time_kernel_is_known_by_its_version() {
        assert!(names_preempt_rt(
            "#1 SMP PREEMPT_RT Debian 6.1.140-1 (2025-05-22)"
        ));
        assert!(names_preempt_rt("#1 SMP PREEMPT RT 4.19.94-bone-rt-r51"));
        for version in ["#1 SMP PREEMPT_DYNAMIC @0", "#1 SMP PREEMPT Debian", ""] {
            assert!(!names_preempt_rt(version), "{version}");
        }
    }

    #[test]
    fn the_throttle_of_this_machine_can_be_read() {
        let throttle = throttle().expect("every Linux has it");
        assert!(throttle.period_us > 0);
        assert!(
            throttle
                .runtime_us
                .is_none_or(|run| run <= throttle.period_us)
        );
        // Whatever the answer is: both ways to it exist on every kernel.
        is_preempt_rt();
    }
}
