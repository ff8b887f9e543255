//! The evidence as a page and a picture.

use std::fmt::Write as _;

use super::{Evidence, Row, us};

/// One target, and whether it is met.
struct Verdict {
    target: &'static str,
    found: String,
    met: bool,
}

pub(super) fn page(evidence: &Evidence) -> String {
    let mut page = format!(
        "# Latency on the virtual BeagleBone\n\n\
         Written by `cargo virtual-beaglebone latency`; kernel {}.\n\n\
         **These are instruction counts in time's clothing.** QEMU advances the machine's clock by\n\
         one nanosecond for each instruction (`-icount shift=0`): caches, memory, buses and the\n\
         clock rate of a real core do not exist. The figures repeat, so they are good for comparing\n\
         the daemon with cyclictest and for catching a regression. They promise nothing about a\n\
         Cortex-A8; the owner of a board gets that board's own by `pumpctl latency`.\n\n\
         The installed daemon drives `gpio-sim` lines. An edge's lateness is the kernel's stamp of\n\
         the level change (trace event `gpio:gpio_value`, to a microsecond) less the instant at\n\
         which the step was due. cyclictest runs by turns with the daemon, in the same boot, under\n\
         the same load, at the loop's priority (FIFO 80), every millisecond. The load: a hog of the\n\
         processor, a disk that is synced all the time, operators who ask without end, a line that\n\
         floods another program, and a button that bounces. All in microseconds. While it runs the\n\
         loop wakes 40 µs before a step is due and waits out the rest awake, which cyclictest does\n\
         not: its wake-up is what the loop's own (`wake`) is to be held against. 1 mL a day is\n\
         in steps of 1 nL, 12 a second, so that there are some to judge by; of fewer than a\n\
         thousand the p99.9 is the worst.\n\n\
         | | load | edges | p50 | p99.9 | max | wake p50 | p99.9 | max | cyclictest p50 | p99.9 | max | edge to cyclictest p99.9 | max |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        evidence.kernel
    );
    for row in &evidence.rows {
        page.push_str(&line(row));
    }
    page.push_str(
        "\n![Lateness of edges and of cyclictest, under load](latency.svg)\n\n\
         | target | found | |\n|---|---|---|\n",
    );
    for verdict in verdicts(evidence) {
        let met = if verdict.met { "met" } else { "**missed**" };
        let _ = writeln!(page, "| {} | {} | {met} |", verdict.target, verdict.found);
    }
    let _ = write!(
        page,
        "\nA change of a line costs {} instructions, a tick {}, and a step at 1000 a second {} in\n\
         all, everything the daemon and its strategies do in that time counted in.\n",
        evidence.ioctl, evidence.tick, evidence.per_edge
    );
    page.push_str(&pace(evidence));
    page
}

/// What stands between the daemon's rate and a bare loop's.
fn pace(evidence: &Evidence) -> String {
    let (lines, tick) = (2 * evidence.ioctl, evidence.tick);
    let mut text = format!(
        "\nOf a step a bare loop does the two changes of a line, {} µs; the daemon's loop a tick\n\
         besides, which decides the edge and books it: {} µs together, beside everything else that\n\
         the processor does for it. The rates that were tried, each for a second:\n\n",
        us(lines),
        us(lines + tick)
    );
    for tried in &evidence.tries {
        let _ = writeln!(text, "- {tried}");
    }
    text.push_str(
        "\nPreflight judges a rate by how late the loop wakes up, not by how late edges are, which\n\
         are waited for awake. Next to try: judge it by those.\n",
    );
    text
}

/// A row of the table.
pub(super) fn line(row: &Row) -> String {
    let load = if row.load { "yes" } else { "no" };
    let (edges, machine) = (&row.edges, &row.cyclictest);
    format!(
        "| {} | {load} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.what,
        edges.count(),
        us(edges.permille(500)),
        us(edges.permille(999)),
        us(edges.max()),
        us(row.wake[0]),
        us(row.wake[1]),
        us(row.wake[2]),
        us(machine.permille(500)),
        us(machine.permille(999)),
        us(machine.max()),
        ratio(edges.permille(999), machine.permille(999)),
        ratio(edges.max(), machine.max()),
    )
}

/// One to the other, to a hundredth.
fn ratio(ours: u64, its: u64) -> String {
    match (ours * 100).checked_div(its) {
        Some(hundredths) => format!("{}.{:02}", hundredths / 100, hundredths % 100),
        None => "–".to_owned(),
    }
}

fn verdicts(evidence: &Evidence) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for row in evidence
        .rows
        .iter()
        .filter(|row| row.load && row.what.contains("second"))
    {
        let (ours, its) = (row.edges.max(), row.cyclictest.max());
        verdicts.push(Verdict {
            target: "worst edge under load: at most twice cyclictest's worst, or 20 µs more",
            found: format!("{} to {}", us(ours), us(its)),
            met: ours <= (2 * its).max(its + 20_000),
        });
        let (ours, its) = (row.edges.permille(999), row.cyclictest.permille(999));
        verdicts.push(Verdict {
            target: "p99.9 under load: at most 1.5 times cyclictest's, or 5 µs more",
            found: format!("{} to {}", us(ours), us(its)),
            met: ours <= (its + its / 2).max(its + 5_000),
        });
    }
    verdicts.push(Verdict {
        target: "step rate with every interval right to 25 %: at least 70 % of a bare loop's",
        found: format!("{} to {} Hz", evidence.daemon_rate, evidence.bare_rate),
        met: evidence.daemon_rate * 10 >= evidence.bare_rate * 7 && evidence.daemon_rate > 0,
    });
    verdicts.push(Verdict {
        target: "the processor's share at 1 mL a day, strategies included: under 1 %",
        found: format!(
            "{}.{:04} %",
            evidence.share_ppm / 10_000,
            evidence.share_ppm % 10_000
        ),
        met: evidence.share_ppm < 10_000,
    });
    verdicts
}

const BINS: usize = 60;
/// Of a bar, and of the room for bars \[px\].
const WIDTH: usize = 10;
const HEIGHT: usize = 120;
const LEFT: usize = 60;

/// Edges above and cyclictest below, by the microsecond, the counts on a logarithmic scale.
pub(super) fn picture(evidence: &Evidence) -> String {
    let (wide, high) = (LEFT + BINS * WIDTH + 20, 2 * HEIGHT + 110);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{wide}\" height=\"{high}\" fill=\"#fff\"/>\n"
    );
    let busy = evidence
        .rows
        .iter()
        .find(|row| row.load && row.what.contains("second"));
    if let Some(row) = busy {
        bars(&mut svg, row, true);
        bars(&mut svg, row, false);
    }
    for tick in (0..=BINS).step_by(10) {
        let more = if tick == BINS { " and more" } else { "" };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{tick}{more}</text>",
            LEFT + tick.min(BINS - 3) * WIDTH,
            high - 22
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">lateness, µs</text>\n</svg>\n",
        wide / 2,
        high - 6
    );
    svg
}

fn bars(svg: &mut String, row: &Row, ours: bool) {
    let (figures, title, colour, base) = if ours {
        (
            &row.edges,
            "pumpd's edges, 1000 a second, under load",
            "#1f6f8b",
            30 + HEIGHT,
        )
    } else {
        (
            &row.cyclictest,
            "cyclictest, under the same load",
            "#99a8b2",
            60 + 2 * HEIGHT,
        )
    };
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\">{title}</text>",
        base - HEIGHT - 8
    );
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" y1=\"{base}\" x2=\"{}\" y2=\"{base}\" stroke=\"#333\"/>",
        LEFT + BINS * WIDTH
    );
    let counts = figures.bins(1_000, BINS);
    for decade in 0..=4 {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 6,
            base - decade * HEIGHT / 5 - HEIGHT / 5 + 4,
            10_usize.pow(u32::try_from(decade).unwrap_or(0))
        );
    }
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // One is a fifth of the height, as is each power of ten above it.
        let tall = (1.0 + (*count as f64).log10()) * HEIGHT as f64 / 5.0;
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{:.1}\" width=\"{}\" height=\"{tall:.1}\" fill=\"{colour}\"/>",
            LEFT + bin * WIDTH,
            base as f64 - tall,
            WIDTH - 1
        );
    }
}
