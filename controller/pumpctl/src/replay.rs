//! `pumpctl replay`.

mod runs;
mod tape;
mod told;
mod with;

use std::path::Path;

use pump_core::pump::Pump;
use pump_core::quantity::Nanoseconds;
use pump_recording::row::{Closing, Opening};
use pump_recording::{Answer, Call, Difference, Edge, Replay, Stop, Totals, Witness};
use pump_simulator::StrategySource;
use pump_simulator::alternative::World;
use pump_simulator::orders::{Asked, OtherOrder};
use pump_simulator::outcome::Outcome;
use strategy_abi::Fraction;
use strategy_host::StrategyFolders;
use strategy_link::Sha256;

use crate::cli::{ReplayArgs, RunName};
use crate::failure::Failure;
use crate::guard::{self, Guarded};
use crate::progress::Progress;
use crate::{places, simulate};
use runs::{Runs, Summary};
use tape::{OtherEdge, Tape};

/// Replays in a child: it runs plugins.
pub(crate) fn guarded(args: &ReplayArgs) -> Result<(), Failure> {
    let guarded = Guarded {
        what: "the replay",
        outputs: Vec::new(),
    };
    guard::run(&guarded, || run(args))
}

fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let mut runs = Runs::open(&args.journal)?;
    if args.list {
        return told::list(&runs.summaries()?, args.json);
    }
    let summary = runs.summary(args.run.unwrap_or(RunName::Last))?;
    let opening = runs.opening(&summary)?;
    let strategies = places::strategies(&args.strategies)?;
    if let Some(with) = &args.with {
        return with::tell(args, with, &strategies, &mut runs, &summary, &opening);
    }
    let sources = pinned(&strategies, &opening)?;
    let mut eyes = Eyes::new(&summary, Some(Asked::new(sources)));
    eyes.tape = match &args.tape {
        Some(path) => Some(Tape::open(path, opening.ahead_ns, opening.armed_at_ns)?),
        None => None,
    };
    let replayed = replayed(&mut runs, &summary, &opening, &mut eyes)?;
    let other_edge = eyes.tape.take().map(Tape::finish).transpose()?.flatten();
    let asked = eyes.asked.as_ref();
    let verdict = Verdict {
        opening: &opening,
        totals: replayed.totals,
        difference: replayed.difference,
        other_edge,
        orders: asked.map_or(0, Asked::orders),
        other_orders: asked
            .map(|asked| asked.others().cloned().collect())
            .unwrap_or_default(),
        closing: summary.closing.as_ref(),
        late: eyes.late,
    };
    told::verdict(&verdict, args.json)
}

/// What came of a replay.
struct Verdict<'a> {
    opening: &'a Opening,
    totals: Totals,
    difference: Option<Difference>,
    other_edge: Option<OtherEdge>,
    /// Orders that were given again.
    orders: u64,
    other_orders: Vec<OtherOrder>,
    closing: Option<&'a Closing>,
    /// Calls that were told later than was wanted.
    late: u64,
}

impl Verdict<'_> {
    fn is_whole(&self) -> bool {
        self.closing.is_none_or(|closing| closing.whole)
    }

    fn is_same(&self) -> bool {
        self.difference.is_none() && self.other_edge.is_none() && self.other_orders.is_empty()
    }
}

/// Everybody who watches a replay.
struct Eyes {
    progress: Progress,
    armed_at_ns: u64,
    late: u64,
    asked: Option<Asked>,
    tape: Option<Tape>,
    world: Option<World>,
    outcome: Outcome,
}

impl Eyes {
    fn new(summary: &Summary, asked: Option<Asked>) -> Self {
        let span = summary.until_ns.saturating_sub(summary.armed_at_ns);
        Self {
            progress: Progress::new(Nanoseconds(span)),
            armed_at_ns: summary.armed_at_ns,
            late: 0,
            asked,
            tape: None,
            world: None,
            outcome: Outcome::default(),
        }
    }
}

impl Witness for Eyes {
    fn calls(&mut self, call: &Call, late: bool) {
        self.late += u64::from(late);
        if let Some(asked) = &mut self.asked {
            asked.calls(call, late);
        }
        if let Some(world) = &mut self.world {
            world.calls(call, late);
        }
        if let Call::Tick(told) = call {
            let since = told.now.0.saturating_sub(self.armed_at_ns);
            self.progress.instant(Nanoseconds(since));
        }
    }

    fn called(&mut self, call: &Call, answer: &Answer, pump: &Pump) {
        if let Some(asked) = &mut self.asked {
            asked.called(call, answer, pump);
        }
        if self.world.is_some() {
            self.outcome.called(call, answer, pump);
        }
    }

    fn edge(&mut self, edge: &Edge) {
        if let Some(tape) = &mut self.tape {
            tape.edge(edge);
        }
    }
}

struct Replayed {
    totals: Totals,
    difference: Option<Difference>,
}

/// Does a run again, up to its end or to the first difference.
fn replayed(
    runs: &mut Runs,
    summary: &Summary,
    opening: &Opening,
    eyes: &mut Eyes,
) -> Result<Replayed, Failure> {
    let refused = |what: &dyn std::fmt::Display| {
        Failure::Input(format!("run {} can't be replayed: {what}", summary.run))
    };
    let mut replay = Replay::begin(opening).map_err(|refusal| refused(&refusal))?;
    let mut difference = None;
    runs.blocks(summary, |block| match replay.block(block, eyes) {
        Ok(()) => Ok(true),
        Err(Stop::Differs(differs)) => {
            difference = Some(differs);
            Ok(false)
        }
        Err(Stop::Refused(refusal)) => Err(refused(&refusal)),
    })?;
    eyes.progress.finish();
    Ok(Replayed {
        totals: replay.totals(),
        difference,
    })
}

/// The strategies of a run, from the very files that they were.
fn pinned(
    strategies: &StrategyFolders,
    opening: &Opening,
) -> Result<Vec<Box<dyn StrategySource>>, Failure> {
    let regimens = opening.dossier.regimens.iter().map(|regimen| {
        let (name, strategy) = (&regimen.name, &regimen.strategy);
        let missing = |why: &dyn std::fmt::Display| {
            Failure::Input(format!(
                "run {} can't be replayed: the strategy of regimen `{name}`: {why}; name the \
                 folder of the plugin of then with --strategies DIR",
                opening.run
            ))
        };
        let sha256: Sha256 = regimen.plugin_sha256.parse().map_err(|why| missing(&why))?;
        let plugin = strategies
            .load_pinned(strategy, sha256)
            .map_err(|error| missing(&error))?;
        Ok(simulate::source(plugin, values(&regimen.values), name))
    });
    regimens.collect()
}

fn values(values: &[(u64, u64)]) -> Vec<Fraction> {
    let values = values.iter();
    values.map(|&(num, den)| Fraction { num, den }).collect()
}

/// A file by its ending.
fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}
