//! cyclictest of the rt-tests, which measures what the machine itself can do.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pump_control::{Distribution, Latency};
use serde::Deserialize;
use tempfile::NamedTempFile;

/// Longer latencies than this are only known by their highest \[µs\].
const WIDEST: &str = "100000";
/// It ends by itself; if it does not, it is ended.
const GRACE: Duration = Duration::from_secs(10);
const NS_PER_US: u64 = 1_000;

/// What it writes.
#[derive(Deserialize)]
struct Written {
    thread: BTreeMap<String, Measured>,
}

#[derive(Deserialize)]
struct Measured {
    histogram: BTreeMap<String, u64>,
    cycles: u64,
    min: u64,
    max: u64,
}

/// A run under way. Dropped, it ends.
pub(crate) struct Cyclictest {
    child: Child,
    written: NamedTempFile,
}

impl Cyclictest {
    /// Starts it with the loop's priority, interval and processor. The error says what to do.
    pub(crate) fn start(like: &Latency, period: Duration) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cyclictest can't be started: {error}");
        let written = NamedTempFile::new().map_err(failed)?;
        let mut command = Command::new("cyclictest");
        command
            .args(["--quiet", "--threads=1", "--histogram", WIDEST])
            .arg(format!("--interval={}", (like.tick_ns / NS_PER_US).max(1)))
            .arg(format!("--duration={}", period.as_secs().max(1)))
            .arg(format!("--json={}", written.path().display()));
        match like.priority {
            Some(priority) => {
                command.args(["--mlockall", "--policy=fifo"]);
                command.arg(format!("--priority={priority}"));
            }
            None => {
                command.args(["--policy=other", "--priority=0"]);
            }
        }
        if let Some(cpu) = like.cpu {
            command.arg(format!("--affinity={cpu}"));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        match command.spawn() {
            Ok(child) => Ok(Self { child, written }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err("cyclictest is not installed; on Debian: apt-get install rt-tests".into())
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Waits for its end and reads what it found. The error says what to do.
    pub(crate) fn finish(mut self) -> Result<Distribution, String> {
        let until = Instant::now() + GRACE;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Ok(None) => return Err("cyclictest did not end".into()),
                Err(error) => return Err(format!("cyclictest can't be awaited: {error}")),
            }
        };
        let mut said = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            // What it says is for people; what can't be read is left out.
            let _ = stderr.read_to_string(&mut said);
        }
        let written = std::fs::read(self.written.path()).unwrap_or_default();
        match read(&written) {
            Some(found) if status.success() => Ok(found),
            _ => {
                let said: Vec<&str> = said.lines().collect();
                Err(format!(
                    "cyclictest has not measured ({}); it takes root or a real-time limit \
                     (ulimit -r)",
                    match said.as_slice() {
                        [] => status.to_string(),
                        lines => lines.join(" "),
                    }
                ))
            }
        }
    }
}

impl Drop for Cyclictest {
    fn drop(&mut self) {
        // It has mostly ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What cyclictest wrote, as a distribution.
fn read(written: &[u8]) -> Option<Distribution> {
    let written: Written = serde_json::from_slice(written).ok()?;
    let measured = written.thread.into_values().next()?;
    let mut counts = BTreeMap::new();
    for (us, count) in measured.histogram {
        counts.insert(us.parse::<u64>().ok()?, count);
    }
    let quantile = |per_mille: u64| {
        let rank = (measured.cycles * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        let found = counts.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        // Beyond the histogram only the highest is known.
        found.map_or(measured.max, |(us, _)| *us) * NS_PER_US
    };
    Some(Distribution {
        name: "cyclictest".into(),
        count: measured.cycles,
        min_ns: measured.min * NS_PER_US,
        p50_ns: quantile(500),
        p99_ns: quantile(990),
        p999_ns: quantile(999),
        max_ns: measured.max * NS_PER_US,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_come_from_its_histogram_and_beyond_it_from_the_highest() {
        let written = br#"{"file_version": 1, "thread": {"0": {
            "histogram": {"9": 10, "10": 500, "20": 480, "100": 9},
            "cycles": 1000, "min": 9, "max": 200000, "avg": 17.40, "cpu": 0}}}"#;
        let found = read(written).expect("it is well written");
        assert_eq!((found.count, found.min_ns), (1000, 9_000));
        assert_eq!((found.p50_ns, found.p99_ns), (10_000, 20_000));
        assert_eq!((found.p999_ns, found.max_ns), (100_000, 200_000_000));
        let fewer =
            br#"{"thread": {"0": {"histogram": {"9": 1}, "cycles": 3, "min": 9, "max": 7000}}}"#;
        assert_eq!(read(fewer).expect("it is well written").p99_ns, 7_000_000);
        assert_eq!(read(b""), None);
        assert_eq!(read(br#"{"thread": {}}"#), None);
    }
}
