//! A report as a page: headings, sentences, tables. How it is written down is another's.

use std::fmt::Write as _;

use pump_journal::Verified;
use pump_prescription::{Dimension, Exact, show};

use crate::account::{Account, Action, AlarmSpan, Listed, Moment, Part};
use crate::history::when;
use crate::stretch::{Stretch, Subject};
use crate::units::{count, plural, time};

/// More lines of a table than this are counted.
const MOST_LINES: usize = 100;
/// The alarms that tell of the disk, of threads and of self-tests.
const MACHINE: [&str; 10] = [
    "internal-error",
    "credit-spent",
    "loop-stalled",
    "step-count-differs",
    "inputs-stalled",
    "journal-stalled",
    "link-stalled",
    "control-stalled",
    "self-test-failed",
    "records-lost",
];

/// A report.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) sections: Vec<Section>,
}

/// A part of it.
#[derive(Default)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) table: Table,
    /// Sentences.
    pub(super) text: Vec<String>,
}

/// A table; without rows there is none.
#[derive(Default)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    fn new(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|word| (*word).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// What was looked into beside the entries of the report.
pub(crate) struct Whole {
    /// The end of the journal.
    pub(crate) head: String,
    /// `None`: it was not read whole.
    pub(crate) verified: Option<Verified>,
}

/// The page of an account.
pub(super) fn of(stretch: &Stretch, account: &Account, whole: &Whole) -> Page {
    let title = match &stretch.subject {
        Subject::Run(run) => format!("Run {}: {}", run.papers.arming, run.papers.id),
        Subject::Day(_) => format!("Day {}", day(stretch)),
    };
    let mut sections = vec![frame(stretch, account)];
    for part in &account.parts {
        sections.push(given(part, account));
    }
    sections.extend([
        boluses(account),
        refusals(account),
        alarms(account),
        strategies(account),
        operators(account),
        machine(account),
    ]);
    for part in &account.parts {
        sections.push(papers(part));
    }
    sections.push(journal(account, whole));
    Page { title, sections }
}

/// The day, as a date.
pub(super) fn day(stretch: &Stretch) -> String {
    match stretch.subject {
        Subject::Day(begin) => jiff::Timestamp::from_nanosecond(begin.into())
            .map_or_else(|_| begin.to_string(), |day| day.strftime("%F").to_string()),
        Subject::Run(_) => String::new(),
    }
}

fn frame(stretch: &Stretch, account: &Account) -> Section {
    let mut table = Table::new(&["", ""]);
    let mut fact = |name: &str, value: String| table.row([name.to_owned(), value]);
    let mut text = Vec::new();
    let stamp = |row: &Option<pump_journal::Row>| {
        row.as_ref()
            .map_or_else(String::new, |row| when(&row.stamp))
    };
    match &stretch.subject {
        Subject::Run(run) => {
            fact("armed", when(&run.armed.stamp));
            match &run.end {
                Some(end) => fact(
                    "ended",
                    format!("{}, {}", when(&end.row().stamp), end.name()),
                ),
                None => {
                    fact("ended", "not yet".to_owned());
                    text.push(format!(
                        "This run is not over: the page tells what the journal held at {}.",
                        stamp(&account.last)
                    ));
                }
            }
            if run.papers.simulated {
                text.push("The pump was a simulated one (`pumpd --sim`).".to_owned());
            }
        }
        Subject::Day(_) => {
            fact("first entry", stamp(&account.first));
            fact("last entry", stamp(&account.last));
            if account.parts.is_empty() {
                text.push("Nothing was armed.".to_owned());
            }
            let simulated = |part: &Part| part.papers.simulated;
            if account.parts.iter().any(simulated) {
                text.push("The pump was a simulated one (`pumpd --sim`).".to_owned());
            }
        }
    }
    if let Some((from, to)) = account.pump_ns {
        fact("running time", time(to.saturating_sub(from)));
    }
    if let Some(state) = &account.state {
        fact("last state", state.clone());
    }
    Section {
        title: "",
        table,
        text,
    }
}

fn given(part: &Part, account: &Account) -> Section {
    let ledger = part.given();
    let mut head = vec!["", "volume", "steps"];
    head.extend(part.papers.drugs.iter().map(|drug| drug.name.as_str()));
    let mut table = Table::new(&head);
    let mut line = |name: &str, steps: u64| {
        let volume = part.volume(steps);
        let mut cells = vec![name.to_owned(), in_words(volume, Dimension::Volume)];
        cells.push(count(steps));
        cells.extend(part.papers.drugs.iter().map(|drug| {
            let mass = volume.and_then(|volume| volume.times(drug.ng_per_nl.0));
            in_words(mass, Dimension::Mass)
        }));
        table.row(cells);
    };
    line("delivered", ledger.delivered);
    // A day with several runs has the boluses of all in one place.
    if account.parts.len() == 1 {
        let boluses = account.boluses.steps();
        line("– basal", ledger.delivered.saturating_sub(boluses));
        for (kind, (times, _)) in account.boluses.by_kind() {
            line(&format!("– {kind} boluses"), times.steps);
        }
    }
    line("uncertain", ledger.uncertain);
    line("displaced", ledger.displaced);
    let most = ledger.delivered.saturating_add(ledger.uncertain);
    line("at most given", most.saturating_add(ledger.displaced));
    line("missed", ledger.missed);
    line("reservoir at the end", ledger.reservoir);
    let mut text = Vec::new();
    if account.parts.len() > 1 {
        let how = part.ended.unwrap_or("not over");
        text.push(format!(
            "Run {}: {}, {how}.",
            part.papers.arming, part.papers.id
        ));
    }
    match (&part.told, part.ended) {
        (None, _) => text.push("The journal has no ledger of it.".to_owned()),
        (Some(told), None) => text.push(format!("By the ledger of {}.", when(told))),
        (Some(_), Some(_)) => {}
    }
    if ledger.uncertain > 0 {
        text.push(
            "What is uncertain may or may not have left; it counts as given for every cap."
                .to_owned(),
        );
    }
    if ledger.displaced > 0 {
        text.push(
            "What is displaced may have moved while the motor was off, before a start; it counts \
             as given for every cap."
                .to_owned(),
        );
    }
    Section {
        title: "Given",
        table,
        text,
    }
}

fn in_words(exact: Option<Exact>, dimension: Dimension) -> String {
    exact.map_or_else(
        || "more than can be written".to_owned(),
        |exact| show(exact, dimension),
    )
}

fn boluses(account: &Account) -> Section {
    let mut table = Table::new(&["bolus", "given", "complete", "cut", "not ended"]);
    for (kind, (times, open)) in account.boluses.by_kind() {
        table.row([
            kind,
            count(times.started),
            count(times.complete),
            count(times.cut),
            count(open.saturating_add(times.lost)),
        ]);
    }
    let presses = ("press".to_owned(), String::new());
    let refused = account.refused.range(presses..);
    let refused = refused.take_while(|((what, _), _)| what == "press");
    let refused = refused.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let text = format!(
        "The button was pressed {}; {} refused.",
        times(account.pressed),
        match refused {
            1 => "1 press was".to_owned(),
            n => format!("{} presses were", count(n)),
        }
    );
    Section {
        title: "Boluses",
        table,
        text: vec![text],
    }
}

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{} times", count(n)),
    }
}

fn refusals(account: &Account) -> Section {
    let mut table = Table::new(&["refused", "reason", "times"]);
    for ((what, reason), n) in &account.refused {
        table.row([what.clone(), reason.clone(), count(*n)]);
    }
    none(Section {
        title: "Refused",
        table,
        text: Vec::new(),
    })
}

/// Says so where there is nothing.
fn none(mut section: Section) -> Section {
    if section.table.rows.is_empty() && section.text.is_empty() {
        section.text.push("None.".to_owned());
    }
    section
}

fn alarms(account: &Account) -> Section {
    let mut table = Table::new(&["alarm", "priority", "raised", "cleared", "lasted"]);
    let listed = &account.alarms.listed;
    for span in listed.first.iter().take(MOST_LINES) {
        table.row(alarm(span));
    }
    let mut text = more(
        listed,
        "pumpctl history --kind alarm-raised --kind alarm-cleared",
    );
    if listed.count > MOST_LINES as u64 {
        for (name, times) in &account.alarms.times {
            let (n, lasted) = (plural(times.raised, "time"), time(times.lasted_ns));
            text.push(format!("{name}: raised {n}, active for {lasted} in all."));
        }
    }
    none(Section {
        title: "Alarms",
        table,
        text,
    })
}

fn alarm(span: &AlarmSpan) -> [String; 5] {
    let at = |moment: &Option<Moment>, none: &str| {
        moment
            .as_ref()
            .map_or_else(|| none.to_owned(), |moment| when(&moment.stamp))
    };
    [
        span.alarm.clone(),
        span.priority.clone(),
        at(&span.raised, "before"),
        at(&span.cleared, "still at the end"),
        span.lasted_ns().map_or_else(String::new, time),
    ]
}

/// That there is more than is shown.
fn more<T>(listed: &Listed<T>, where_it_is: &str) -> Vec<String> {
    let shown = listed.first.len().min(MOST_LINES) as u64;
    match listed.count.saturating_sub(shown) {
        0 => Vec::new(),
        more => vec![format!("And {} more: `{where_it_is}`.", count(more))],
    }
}

fn strategies(account: &Account) -> Section {
    let mut table = Table::new(&["regimen", "lost", "back", "without for"]);
    for loss in account.losses.first.iter().take(MOST_LINES) {
        let (back, lasted) = match &loss.back {
            Some(back) => (
                when(&back.stamp),
                time(back.pump_ns.saturating_sub(loss.lost.pump_ns)),
            ),
            None => ("not yet".to_owned(), String::new()),
        };
        table.row([loss.regimen.clone(), when(&loss.lost.stamp), back, lasted]);
    }
    none(Section {
        title: "Strategies lost",
        table,
        text: more(&account.losses, "pumpctl history --kind strategy-lost"),
    })
}

fn operators(account: &Account) -> Section {
    let mut table = Table::new(&["when", "who", "did"]);
    for Action { at, deed } in account.actions.first.iter().take(MOST_LINES) {
        let mut did = deed.did.clone();
        // Writing to a string can't fail.
        if let Some(alarm) = &deed.alarm {
            let _ = write!(did, " {alarm}");
        }
        if let Some(seconds) = deed.seconds {
            let _ = write!(did, " for {seconds} s");
        }
        if let Some(hash) = &deed.sha256 {
            let _ = write!(did, " {}", hash.get(..12).unwrap_or(hash));
        }
        if let Some(reason) = &deed.reason {
            let _ = write!(did, ": {reason}");
        }
        table.row([when(at), deed.who.clone(), did]);
    }
    let mut text = more(&account.actions, "pumpctl history --kind operator");
    for (at, refill) in account.refills.first.iter().take(MOST_LINES) {
        text.push(format!("{}: {refill}.", when(at)));
    }
    none(Section {
        title: "Operators",
        table,
        text,
    })
}

fn machine(account: &Account) -> Section {
    let mut table = Table::new(&["trouble", "times", "lasted in all"]);
    for (name, times) in &account.alarms.times {
        if MACHINE.contains(&name.as_str()) {
            table.row([name.clone(), count(times.raised), time(times.lasted_ns)]);
        }
    }
    let mut text: Vec<String> = Vec::new();
    for fault in account.faults.first.iter().take(MOST_LINES) {
        text.push(format!("{}: {}.", when(&fault.at), fault.text));
    }
    text.extend(more(&account.faults, "pumpctl history"));
    none(Section {
        title: "Disk, threads and self-tests",
        table,
        text,
    })
}

fn papers(part: &Part) -> Section {
    let papers = &part.papers;
    let mut table = Table::new(&["", ""]);
    let mut fact = |name: &str, value: String| table.row([name.to_owned(), value]);
    fact("prescription", papers.id.clone());
    fact("its SHA-256", papers.sha256.clone());
    fact("armed", when(&part.armed));
    let by = papers.confirmed_by.clone();
    fact("confirmed by", by.unwrap_or_else(|| "?".to_owned()));
    fact("proposed by", papers.proposed_by.clone());
    if let Some(reason) = &papers.reason {
        fact("reason", reason.clone());
    }
    for regimen in &papers.regimens {
        let name = format!("regimen {}", regimen.name);
        let (strategy, version) = (&regimen.strategy, &regimen.version);
        fact(
            &name,
            format!("{strategy} {version}, {}", regimen.plugin_sha256),
        );
    }
    for drug in &papers.drugs {
        let concentration = show(drug.ng_per_nl.0, Dimension::Concentration);
        fact(&format!("drug {}", drug.name), concentration);
    }
    fact("a step", in_words(Some(part.per_step), Dimension::Volume));
    fact("device file", papers.device_sha256.clone());
    let (library, edition) = (&papers.drug_library_sha256, &papers.drug_library_version);
    fact("drug library", format!("{library} (edition {edition})"));
    fact("pumpd", papers.pumpd.clone());
    Section {
        title: "Armed",
        table,
        text: Vec::new(),
    }
}

fn journal(account: &Account, whole: &Whole) -> Section {
    let mut text = Vec::new();
    if let (Some(first), Some(last)) = (&account.first, &account.last) {
        text.push(format!(
            "Entries {} to {}: each is as it was written after the one before it.",
            first.seq, last.seq
        ));
    }
    text.push(format!("Head of the journal: `{}`.", whole.head));
    text.push(match &whole.verified {
        Some(sound) => format!(
            "The whole journal is as it was written: {}{}.",
            match sound.entries {
                1 => "1 entry".to_owned(),
                n => format!("{} entries", count(n)),
            },
            match sound.pruned {
                0 => String::new(),
                n => format!(", and {} older ones were pruned for their age", count(n)),
            }
        ),
        None => "The rest of the journal was not read for this page; `--verify` does.".to_owned(),
    });
    let mut table = Table::new(&["entries", "count"]);
    for (kind, n) in &account.kinds {
        table.row([kind.clone(), count(*n)]);
    }
    Section {
        title: "Journal",
        table,
        text,
    }
}
