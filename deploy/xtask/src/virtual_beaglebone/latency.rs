//! How punctual the installed daemon's edges are, as the kernel's trace has them, beside
//! cyclictest in the same boot under the same load.

mod figures;
mod page;

use std::fmt::Write as _;

use super::bench::Bench;
use super::cases::pump;
use crate::tool::{self, Failure};
use figures::Figures;

/// How long each measurement takes, in the machine's time \[s\].
const SECONDS: u64 = 10;
/// The same under load, where a second of the machine's takes half a minute of the host's: at
/// 1000 steps a second, and at the few of 1 mL a day.
const LOADED_SECONDS: u64 = 4;
const LOADED_SECONDS_OF_FEW: u64 = 10;
/// So many of each, alternating.
const ROUNDS: usize = 2;
/// Step rates among which the highest that can be kept up is sought \[Hz\].
const RATES: [u64; 18] = [
    1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 10_000, 13_000, 16_000, 20_000, 25_000,
    32_000, 40_000, 50_000, 64_000, 80_000,
];
/// The pulse of every measurement \[ns\].
const PULSE: u64 = 5_000;

/// What is left uncertain by a run before it is no matter here.
const START: &str = "pumpctl arm /root/latency.toml --yes --acknowledge-uncertain &&
     witness start && pumpctl start && sleep 3";

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) kernel: String,
    pub(super) rows: Vec<Row>,
    /// Steps a second at which every interval was right to 25 %.
    pub(super) daemon_rate: u64,
    pub(super) bare_rate: u64,
    /// What became of the daemon at each rate that was tried, in words.
    pub(super) tries: Vec<String>,
    /// The daemon with its strategies at 1 mL/day, idle \[millionths of the processor\].
    pub(super) share_ppm: u64,
    /// The same while it makes 1000 steps a second, for each step \[ns\].
    pub(super) per_edge: u64,
    /// From the loop's own histograms \[ns\].
    pub(super) tick: u64,
    pub(super) ioctl: u64,
}

/// One measurement of the daemon and its twin of cyclictest.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) load: bool,
    /// From the instant a step was due to the kernel's stamp of its edge \[ns\].
    pub(super) edges: Figures,
    /// From the instant the loop wanted to wake until it ran, by its own clock \[ns\]:
    /// median, 99.9 %, most.
    pub(super) wake: [u64; 3],
    /// What cyclictest found \[ns\].
    pub(super) cyclictest: Figures,
}

/// Measures all there is.
///
/// # Errors
/// Where the machine or a command in it fails.
pub(super) fn measure(bench: &mut Bench) -> Result<Evidence, Failure> {
    bench.fresh()?;
    pump::install(bench)?;
    bench.must(
        "mkdir -p /etc/systemd/system/pumpd.service.d
         printf '[Service]\nExecStart=\nExecStart=/usr/sbin/pumpd --config /etc/pumpd/pump.toml --tape /var/lib/pumpd/tape\n' \\
             >/etc/systemd/system/pumpd.service.d/tape.conf
         systemctl daemon-reload
         cp /etc/pumpd/pump.toml /root/pump.toml",
    )?;
    let mut evidence = Evidence {
        kernel: bench.must("uname -r")?,
        ..Evidence::default()
    };
    for (what, hz, nanolitres, rate, load) in [
        ("1000 steps a second", 1_000, 5, "18 mL/h", false),
        ("1000 steps a second", 1_000, 5, "18 mL/h", true),
        // In small steps, as there would be too few of them to judge by: 12 a second.
        ("1 mL a day", 1_000, 1, "1 mL/day", false),
        ("1 mL a day", 1_000, 1, "1 mL/day", true),
    ] {
        tool::heading(&format!(
            "{what}, {}",
            if load { "under load" } else { "idle" }
        ));
        configure(bench, hz, nanolitres)?;
        prescribe(bench, rate, &hourly(hz, nanolitres))?;
        let row = row(bench, what, load, &mut evidence)?;
        eprint!("{}", page::line(&row));
        evidence.rows.push(row);
    }
    tool::heading("the highest step rate");
    evidence.bare_rate = bare_rate(bench)?;
    eprintln!("a bare loop: {} Hz", evidence.bare_rate);
    evidence.daemon_rate = daemon_rate(bench, &mut evidence.tries)?;
    eprintln!("the daemon: {} Hz", evidence.daemon_rate);
    Ok(evidence)
}

/// Writes the page and its picture.
///
/// # Errors
/// Where a file can't be written.
pub(super) fn write(evidence: &Evidence, folder: &std::path::Path) -> Result<(), Failure> {
    super::write(&folder.join("latency.md"), &page::page(evidence))?;
    super::write(&folder.join("latency.svg"), &page::picture(evidence))
}

fn configure(bench: &mut Bench, hz: u64, nanolitres: u64) -> Result<(), Failure> {
    bench.must(&format!(
        "sed -e 's/^volume_per_step.*/volume_per_step = \"{nanolitres} nL\"/' \\
             -e 's/^max_step_rate.*/max_step_rate = \"{hz} Hz\"/' \\
             -e 's/^step_pulse.*/step_pulse = \"{} us\"/' \\
             -e 's|^max_rate.*|max_rate = \"{}\"|' /root/pump.toml >/etc/pumpd/pump.toml",
        PULSE / 1_000,
        hourly(hz, nanolitres)
    ))?;
    Ok(())
}

/// So many steps a second.
fn hourly(hz: u64, nanolitres: u64) -> String {
    format!("{} uL/h", hz * nanolitres * 36 / 10)
}

fn prescribe(bench: &mut Bench, rate: &str, most: &str) -> Result<(), Failure> {
    bench.must(&format!(
        "cat >/root/latency.toml <<'END'
format = 1
id = \"latency\"
route = \"intravenous\"
[reservoir]
volume = \"1000 mL\"
low = \"2 mL\"
empty = \"1 mL\"
[[drug]]
name = \"tracer dye\"
concentration = \"1 mg/mL\"
[limits]
max_rate = \"{most}\"
max_1h = \"1000 mL\"
max_4h = \"4000 mL\"
max_24h = \"10000 mL\"
[on_strategy_loss]
action = \"stop\"
[[regimen]]
name = \"basal\"
strategy = \"continuous\"
rate = \"{rate}\"
END"
    ))?;
    Ok(())
}

fn restart(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "systemctl stop pumpd; systemctl reset-failed pumpd 2>/dev/null; systemctl start pumpd",
    )?;
    Ok(())
}

fn begin(bench: &mut Bench) -> Result<(), Failure> {
    restart(bench)?;
    pump::green(bench)?;
    bench.must(START)?;
    Ok(())
}

fn row(
    bench: &mut Bench,
    what: &'static str,
    load: bool,
    evidence: &mut Evidence,
) -> Result<Row, Failure> {
    // An idle machine's time is short.
    let slow = what.contains("day");
    let (seconds, beside) = match (load, slow) {
        (true, true) => (LOADED_SECONDS_OF_FEW, LOADED_SECONDS),
        (true, false) => (LOADED_SECONDS, LOADED_SECONDS),
        (false, true) => (40 * SECONDS, SECONDS),
        (false, false) => (SECONDS, SECONDS),
    };
    // The load is kept up to the end of what is measured, and whoever measures goes before it.
    let (on, off) = if load {
        (
            "renice -n -15 -p $$ >/dev/null; bench-load start",
            "bench-load stop",
        )
    } else {
        ("true", "true")
    };
    let mut lateness = Vec::new();
    let mut cyclictest = Vec::new();
    let mut wake = [0; 3];
    for _ in 0..ROUNDS {
        begin(bench)?;
        let told = bench.must(&format!(
            "set -e
             stat=/sys/fs/cgroup/system.slice/pumpd.service/cpu.stat
             spent() {{ sed -n 's/^usage_usec //p' $stat; }}
             {on}; sleep 1; before=$(spent); first=$(witness count)
             PATH=/none /usr/bin/pumpctl latency --for {seconds}s --json >/run/latency.json
             after=$(spent); {off}
             echo $((after - before)) $(($(witness count) - first))
             pumpctl status --json | jq -e '.state == \"infusing\"' >/dev/null
             sleep 1; pumpctl stop >/dev/null; systemctl stop pumpd
             for name in wake-lateness tick-time ioctl-time; do
                 jq -r \".histograms[] | select(.name == \\\"$name\\\") | \\\"\\(.p50_ns) \\(.p999_ns) \\(.max_ns)\\\"\" /run/latency.json
             done"
        ))?;
        let numbers = numbers(&told);
        let &[spent, edges, w50, w999, wmax, tick, _, _, ioctl, _, _] = numbers.as_slice() else {
            return Err(Failure::new(format!("these are no figures: {told}")));
        };
        wake = [wake[0].max(w50), wake[1].max(w999), wake[2].max(wmax)];
        if !load && slow {
            evidence.share_ppm = spent / seconds;
        } else if !load {
            evidence.per_edge = 1_000 * spent / edges.max(1);
            (evidence.tick, evidence.ioctl) = (tick, ioctl);
        }
        lateness.extend(late_edges(bench)?);
        let told = bench.must(&format!(
            "set -e; {on}; sleep 1
             cyclictest --quiet --mlockall --priority=80 --interval=1000 --duration={beside} --histogram=5000 >/run/cyclictest
             {off}; grep '^[0-9]' /run/cyclictest | awk '$2 > 0 {{ print $1 + 0, $2 + 0 }}'"
        ))?;
        for pair in self::numbers(&told).chunks_exact(2) {
            cyclictest.extend((0..pair[1]).map(|_| pair[0] * 1_000));
        }
    }
    Ok(Row {
        what,
        load,
        edges: Figures::of(lateness),
        wake,
        cyclictest: Figures::of(cyclictest),
    })
}

/// Each edge's lateness: the kernel's stamp against the instant on the tape. The tape was
/// finished when the daemon ended.
fn late_edges(bench: &mut Bench) -> Result<Vec<u64>, Failure> {
    let stamps = numbers(&bench.must("witness edges")?);
    let due = numbers(&bench.must("cut -d, -f1 /var/lib/pumpd/tape")?);
    if stamps.len() != due.len() || due.is_empty() {
        return Err(Failure::new(format!(
            "the kernel saw {} edges, and the tape has {}",
            stamps.len(),
            due.len()
        )));
    }
    let late = stamps.iter().zip(&due);
    // The stamp is rounded to a microsecond, and may seem to be early by half of one.
    Ok(late
        .map(|(stamp, due)| (stamp * 1_000).saturating_sub(*due))
        .collect())
}

/// The highest of [`RATES`] at which every interval of the daemon's is right to 25 %.
fn daemon_rate(bench: &mut Bench, tries: &mut Vec<String>) -> Result<u64, Failure> {
    let mut tell = |what: String| {
        eprintln!("the daemon at {what}");
        tries.push(what);
    };
    let best = highest(|hz| {
        configure(bench, hz, 2)?;
        let most = hourly(hz, 2);
        prescribe(bench, &most, &most)?;
        restart(bench)?;
        // Beside steps that close the lateness that its loop has found at rest may be too much.
        bench.must("sleep 3")?;
        let began = bench.run(START)?;
        if began.code != 0 && began.text.contains("red      lateness") {
            tell(format!(
                "{hz} Hz: refused by preflight for the lateness of its wake-ups"
            ));
            return Ok(false);
        }
        if began.code != 0 {
            return Err(Failure::new(began.text));
        }
        // The first edges wait for their credit.
        let missed = "pumpctl status --json | jq .ledger.missed_steps";
        let before = bench.number(missed)?;
        let gaps = bench.must("witness start; sleep 1; witness gaps")?;
        let after = bench.number(&format!("{missed}; pumpctl stop >/dev/null"))?;
        let missed = after.saturating_sub(before);
        let between = gaps.trim().replace(' ', " to ");
        tell(format!(
            "{hz} Hz: {between} µs from step to step, {missed} missed"
        ));
        Ok(after == before && right(&gaps, hz))
    })?;
    bench.must("systemctl stop pumpd")?;
    Ok(best)
}

/// The same of a bare loop.
fn bare_rate(bench: &mut Bench) -> Result<u64, Failure> {
    highest(|hz| {
        let gaps = bench.must(&format!(
            "witness start; chrt -f 80 /host/bin/bare_steps P9_12 {} {PULSE} {hz}; witness gaps",
            1_000_000_000 / hz,
        ))?;
        eprintln!("a bare loop at {hz} Hz: {} µs", gaps.trim());
        Ok(right(&gaps, hz))
    })
}

/// The highest of [`RATES`] that is kept up, where whatever keeps one up keeps up those below
/// it; 0 where none is.
fn highest(mut kept_up: impl FnMut(u64) -> Result<bool, Failure>) -> Result<u64, Failure> {
    let (mut best, mut rates) = (0, RATES.as_slice());
    while let Some((&hz, below, above)) = middle(rates) {
        if kept_up(hz)? {
            (best, rates) = (hz, above);
        } else {
            rates = below;
        }
    }
    Ok(best)
}

/// The one in the middle, and what is on either side of it.
fn middle(rates: &[u64]) -> Option<(&u64, &[u64], &[u64])> {
    let (below, rest) = rates.split_at(rates.len() / 2);
    let (hz, above) = rest.split_first()?;
    Some((hz, below, above))
}

fn right(gaps: &str, hz: u64) -> bool {
    let nominal = 1_000_000 / hz;
    let gaps = numbers(gaps);
    gaps.len() == 2 && gaps[0] * 4 >= nominal * 3 && gaps[1] * 4 <= nominal * 5
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// In microseconds, to a tenth.
pub(super) fn us(nanoseconds: u64) -> String {
    let mut text = String::new();
    let tenths = (nanoseconds + 50) / 100;
    let _ = write!(text, "{}.{}", tenths / 10, tenths % 10);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rate_is_found_wherever_it_is() {
        for limit in [0, 1_000, 3_000, 7_999, 20_000, 80_000, 100_000] {
            let found = highest(|hz| Ok(hz <= limit)).unwrap();
            let told = RATES.into_iter().filter(|hz| *hz <= limit).max();
            assert_eq!(found, told.unwrap_or(0));
        }
    }
}
