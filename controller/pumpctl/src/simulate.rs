//! `pumpctl simulate`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use pump_core::event::EventKind;
use pump_core::quantity::Nanoseconds;
use pump_prescription::{Checked, Exact, utc_of};
use pump_simulator::presses::random_presses;
use pump_simulator::{
    DrugLabel, Infusion, MAX_SCENARIO, Observer, Options, Report, Scenario, Simulation, Strategy,
    StrategyFault, StrategySource, WALL_CLOCK_START_UTC_S,
};
use strategy_abi::Fraction;
use strategy_host::{CallError, Instance, Plugin};

use crate::cli::SimulateArgs;
use crate::edges::Edges;
use crate::failure::Failure;
use crate::guard::{self, Guarded};
use crate::live::Live;
use crate::output::{self, Output};
use crate::patience::Patience;
use crate::places::Places;
use crate::progress::Progress;
use crate::series::Series;
use crate::strategy::steps;
use crate::{plot, story};

/// More random presses than a run can hold.
const MOST_PRESSES: u64 = 5_000_000;

/// Simulates in a child.
pub(crate) fn guarded(args: &SimulateArgs) -> Result<(), Failure> {
    let outputs = [&args.edges, &args.plot];
    let guarded = Guarded {
        what: "the simulation",
        outputs: outputs
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect(),
    };
    guard::run(&guarded, || run(args))
}

/// Checks, simulates, and writes what was asked for; nothing where anything is wrong.
fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let places = Places::find(&args.places)?;
    let checked = places.checked(&args.prescription)?;
    keep_apart(args, &places.device, checked.library_path.as_deref())?;
    let infusion = infusion(&checked)?;
    let scenario = scenario(args, &infusion.regimens)?;
    let strategies = strategies(&places, &checked)?;
    let edges = args.edges.as_deref().map(Edges::create).transpose()?;
    let plot = args.plot.as_deref().map(Output::create).transpose()?;

    let pictured = !args.json || plot.is_some();
    let mut watch = Watch {
        edges,
        series: pictured.then(|| Series::new(args.duration)),
        progress: args.live.is_none().then(|| Progress::new(args.duration)),
        live: args.live.map(|pace| Live::new(pace, &infusion)),
    };
    let options = Options {
        seed: args.seed,
        wall_clock_start_utc_s: wall_clock(args, &checked)?,
        ..Options::lasting(args.duration)
    };
    let run = Simulation::new(&infusion, strategies, &scenario, options, &mut watch);
    let report = run.and_then(Simulation::run).map_err(Failure::input)?;
    if let Some(progress) = &watch.progress {
        progress.finish();
    }
    if let Some(live) = &mut watch.live {
        live.finish();
    }
    if let Some(series) = &mut watch.series {
        series.finish();
    }

    let per_step = infusion.prescription.volume_per_step;
    let nl_per_step = per_step.num() as f64 / per_step.den() as f64;
    if let (Some(mut plot), Some(series)) = (plot, &watch.series) {
        let drawing = plot::draw(&report, series, nl_per_step)?;
        let shown = plot.shown().to_owned();
        plot.write_all(drawing.as_bytes())
            .map_err(|error| Failure::input(format_args!("{shown}: can't be written: {error}")))?;
        plot.finish()?;
    }
    if let Some(edges) = watch.edges {
        edges.finish()?;
    }
    match &watch.series {
        _ if args.json => print_json(&report)?,
        Some(series) => output::print(&story::tell(&report, series, nl_per_step))?,
        None => {}
    }
    // Who brings a strategy of their own is on the way to a pump.
    if !args.json && !args.places.strategies.is_empty() {
        let (rx, device) = (&args.prescription, &places.device);
        output::print(&steps::after_simulate(rx, device, &args.places.strategies))?;
    }
    Ok(())
}

/// What the wall clock shows at the start.
fn wall_clock(args: &SimulateArgs, checked: &Checked) -> Result<u64, Failure> {
    let Some(local) = &args.wall_clock else {
        return Ok(WALL_CLOCK_START_UTC_S);
    };
    utc_of(checked.time_zone.as_ref(), local).ok_or_else(|| {
        Failure::Usage(format!(
            "--wall-clock {local}: this is no date and time; write it as \"2026-03-28 19:00\""
        ))
    })
}

/// No output may take the place of an input, or of the other output.
fn keep_apart(args: &SimulateArgs, device: &Path, library: Option<&Path>) -> Result<(), Failure> {
    let inputs = [
        ("the prescription", Some(args.prescription.as_path())),
        ("the scenario", args.scenario.as_deref()),
        ("the device's file", Some(device)),
        ("the drug library", library),
    ];
    let outputs = [
        ("--edges", args.edges.as_deref()),
        ("--plot", args.plot.as_deref()),
    ];
    for (option, output) in outputs {
        let Some(output) = output else { continue };
        for (what, input) in inputs {
            if input.is_some_and(|input| output::same_file(input, output)) {
                return Err(Failure::Usage(format!(
                    "{option} {}: this is {what}, which would be overwritten; name another file",
                    output.display()
                )));
            }
        }
    }
    match (&args.edges, &args.plot) {
        (Some(edges), Some(plot)) if edges == plot || output::same_file(edges, plot) => Err(
            Failure::Usage("--edges and --plot name the same file".into()),
        ),
        _ => Ok(()),
    }
}

fn print_json(report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).map_err(Failure::input)?;
    output::print(&format!("{text}\n"))
}

fn infusion(checked: &Checked) -> Result<Infusion, Failure> {
    let drugs = checked.drugs.iter().map(|drug| {
        // A nanogram has a thousand picograms.
        let pg_per_nl = drug.concentration.times(Exact::whole(1_000));
        let name = drug.name.clone();
        pg_per_nl
            .map(|pg_per_nl| DrugLabel { name, pg_per_nl })
            .ok_or_else(|| {
                Failure::Input(format!(
                    "the concentration of `{}` has too many digits",
                    drug.name
                ))
            })
    });
    Ok(Infusion {
        id: checked.id.clone(),
        sha256: checked.sha256_hex(),
        prescription: checked.core,
        regimens: checked
            .regimens
            .iter()
            .map(|regimen| regimen.name.clone())
            .collect(),
        drugs: drugs.collect::<Result<_, _>>()?,
        time_zone: checked.time_zone.clone(),
    })
}

/// The file's events, then the command line's, then the random presses.
fn scenario(args: &SimulateArgs, regimens: &[String]) -> Result<Scenario, Failure> {
    let mut scenario = Scenario::new();
    if let Some(path) = &args.scenario {
        let shown = path.display().to_string();
        let text = read_text(path)
            .map_err(|why| Failure::Input(format!("{shown}: the scenario can't be read: {why}")))?;
        scenario
            .add_toml(&shown, &text, regimens)
            .map_err(Failure::input)?;
    }
    for line in &args.at {
        let added = scenario.add_line(line, regimens);
        added.map_err(|findings| Failure::Usage(findings.to_string()))?;
    }
    if let Some(per_day) = args.presses {
        let days = args.duration.0.div_ceil(Nanoseconds::from_hours(24).0);
        if days.saturating_mul(u64::from(per_day)) > MOST_PRESSES {
            return Err(Failure::Usage(format!(
                "--presses {per_day}/day are too many for {days} days; at most {MOST_PRESSES} in all"
            )));
        }
        scenario.add_presses(random_presses(args.seed, per_day, args.duration));
    }
    let late = scenario
        .events()
        .iter()
        .filter(|(at, _)| *at > args.duration)
        .count();
    if late > 0 {
        log::warn!("{late} of the scenario's events lie after the end of the run");
    }
    Ok(scenario)
}

fn read_text(path: &Path) -> Result<String, String> {
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("it is not a regular file".into());
    }
    if found.len() > MAX_SCENARIO as u64 {
        return Err(format!(
            "it is too large, at most {} MiB",
            MAX_SCENARIO >> 20
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
}

/// Loads every regimen's plugin, once each.
fn strategies(places: &Places, checked: &Checked) -> Result<Vec<Box<dyn StrategySource>>, Failure> {
    let regimens = checked.regimens.iter().map(|regimen| {
        let plugin = places
            .strategies
            .load(&regimen.declaration.name)
            .map_err(Failure::input)?;
        Ok(source(plugin, regimen.values.clone(), &regimen.name))
    });
    regimens.collect()
}

/// Makes strategies from a loaded plugin.
pub(crate) fn source(
    plugin: Plugin,
    values: Vec<Fraction>,
    regimen: &str,
) -> Box<dyn StrategySource> {
    log::debug!("loaded {} {}", plugin.declaration().name, plugin.sha256());
    let patience = Patience::with(regimen);
    let create = move || match patience.watch(|| plugin.create(&values)) {
        Ok(instance) => Ok(Plugged {
            instance,
            patience: patience.clone(),
        }),
        Err(error) => Err(fault(error)),
    };
    Box::new(create)
}

fn fault(error: CallError) -> StrategyFault {
    StrategyFault(error.to_string())
}

/// A loaded plugin as the simulator asks it.
struct Plugged {
    instance: Instance,
    patience: Patience,
}

impl Strategy for Plugged {
    fn step(
        &mut self,
        snapshot: &strategy_abi::Snapshot,
    ) -> Result<strategy_abi::Order, StrategyFault> {
        self.patience
            .watch(|| self.instance.step(snapshot))
            .map_err(fault)
    }

    fn save(&mut self) -> Result<Vec<u8>, StrategyFault> {
        self.patience.watch(|| self.instance.save()).map_err(fault)
    }

    fn load(&mut self, state: &[u8]) -> Result<(), StrategyFault> {
        self.patience
            .watch(|| self.instance.load(state))
            .map_err(fault)
    }
}

/// Everybody who wants to see the run.
struct Watch {
    edges: Option<Edges>,
    series: Option<Series>,
    progress: Option<Progress>,
    live: Option<Live>,
}

impl Observer for Watch {
    fn instant(&mut self, now: Nanoseconds) {
        if let Some(progress) = &mut self.progress {
            progress.instant(now);
        }
        if let Some(live) = &mut self.live {
            live.instant(now);
        }
    }

    fn event(&mut self, at: Nanoseconds, event: &EventKind) {
        if let Some(live) = &mut self.live {
            live.event(at, event);
        }
    }

    fn edge(&mut self, at: Nanoseconds) {
        if let Some(edges) = &mut self.edges {
            edges.edge(at);
        }
        if let Some(series) = &mut self.series {
            series.edge(at);
        }
        if let Some(live) = &mut self.live {
            live.edge();
        }
    }

    fn commanded(&mut self, at: Nanoseconds, steps: f64) {
        if let Some(series) = &mut self.series {
            series.commanded(at, steps);
        }
    }
}
