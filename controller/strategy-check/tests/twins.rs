//! The PCA in C and the one in Rust are the same strategy in two languages: on any pump,
//! whatever happens to it, both make the same edges.
//!
//! `PUMP_SCENARIOS` says how many scenarios, `PUMP_SEED` which.

mod drawn;
mod fixtures;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use drawn::{Drawn, draw};
use fixtures::{library, pca_in_c, probe};
use pump_core::event::EventKind;
use pump_core::order::Order;
use pump_core::quantity::Nanoseconds;
use pump_simulator::presses::SplitMix64;
use pump_simulator::{Observer, Simulation, Strategy, StrategyFault, StrategySource};
use strategy_host::{Instance, Plugin};
use strategy_link::read_order;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// What came of a scenario.
#[derive(Debug, Default, PartialEq)]
struct Run {
    /// The instants of all edges.
    edges: Vec<Nanoseconds>,
    /// What the control law told.
    events: Vec<(Nanoseconds, EventKind)>,
    /// What the strategy proposed.
    orders: Vec<Order>,
}

impl Observer for Run {
    fn edge(&mut self, at: Nanoseconds) {
        self.edges.push(at);
    }

    fn event(&mut self, at: Nanoseconds, event: &EventKind) {
        self.events.push((at, *event));
    }
}

/// A plugin whose orders are written down.
struct Heard {
    instance: Instance,
    orders: Rc<RefCell<Vec<Order>>>,
}

impl Strategy for Heard {
    fn step(
        &mut self,
        snapshot: &strategy_abi::Snapshot,
    ) -> Result<strategy_abi::Order, StrategyFault> {
        let fault = |error: &dyn std::error::Error| StrategyFault(error.to_string());
        let message = self
            .instance
            .step(snapshot)
            .map_err(|error| fault(&error))?;
        let order = read_order(&message).map_err(|bad| fault(&bad))?;
        self.orders.borrow_mut().push(order);
        Ok(message)
    }
}

fn run(plugin: &Plugin, drawn: &Drawn) -> Run {
    let orders = Rc::new(RefCell::new(Vec::new()));
    let (heard, plugin, values) = (Rc::clone(&orders), plugin.clone(), drawn.values.clone());
    let source = move || {
        let instance = plugin.create(&values);
        let instance = instance.map_err(|error| StrategyFault(error.to_string()))?;
        Ok(Heard {
            instance,
            orders: Rc::clone(&heard),
        })
    };
    let sources: Vec<Box<dyn StrategySource>> = vec![Box::new(source)];
    let mut run = Run::default();
    Simulation::new(
        &drawn.infusion,
        sources,
        &drawn.scenario,
        drawn.options,
        &mut run,
    )
    .and_then(Simulation::run)
    .expect("the scenario can be simulated");
    run.orders = orders.take();
    run
}

/// Where two runs of a scenario part, if they do.
fn difference(one: &Run, other: &Run) -> Option<String> {
    fn parting<T: PartialEq + std::fmt::Debug>(
        what: &str,
        one: &[T],
        other: &[T],
    ) -> Option<String> {
        let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        (one != other).then(|| {
            let (a, b) = (one.get(same), other.get(same));
            format!(
                "{what} {same} of {} and {}: {a:?} and {b:?}",
                one.len(),
                other.len()
            )
        })
    }
    // The edges last: what leads to another edge tells more than the edge.
    parting("order", &one.orders, &other.orders)
        .or_else(|| parting("event", &one.events, &other.events))
        .or_else(|| parting("edge", &one.edges, &other.edges))
}

fn load(path: &std::path::Path) -> Plugin {
    let probed = probe(path).unwrap_or_else(|error| panic!("{error}"));
    probed.load().unwrap_or_else(|error| panic!("{error}"))
}

/// How often each thing happened that the twins could differ about.
#[derive(Debug, Default)]
struct Seen {
    edges: usize,
    orders: usize,
    things: BTreeMap<String, usize>,
}

impl Seen {
    fn add(&mut self, run: &Run) {
        self.edges += run.edges.len();
        self.orders += run.orders.len();
        for (_, event) in &run.events {
            let thing = match event {
                EventKind::DemandGiven { .. } => "given".to_owned(),
                EventKind::DemandRefused { reason, .. } => format!("refused: {}", reason.name()),
                EventKind::BolusEnded { cut: Some(why), .. } => format!("cut: {}", why.name()),
                EventKind::BolusEnded { cut: None, .. } => "whole".to_owned(),
                EventKind::BolusStretched { .. } => "stretched".to_owned(),
                EventKind::StrategyLost { .. } => "lost".to_owned(),
                EventKind::Uncertain { .. } => "power cut".to_owned(),
                _ => continue,
            };
            *self.things.entry(thing).or_default() += 1;
        }
    }
}

#[test]
fn the_twins_declare_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (c, rust) = (load(&pca_in_c(folder.path(), &[])), load(&library("pca")));
    assert_eq!(c.declaration().name, "pca-c");
    assert_eq!(c.declaration().params, rust.declaration().params);
}

#[test]
fn the_twins_make_the_same_edges_whatever_happens() {
    let folder = tempfile::tempdir().expect("a folder");
    let (c, rust) = (load(&pca_in_c(folder.path(), &[])), load(&library("pca")));
    let (scenarios, seed) = (from_env("PUMP_SCENARIOS", 1_000), from_env("PUMP_SEED", 1));
    println!("PUMP_SCENARIOS={scenarios} PUMP_SEED={seed}");
    let mut random = SplitMix64::new(seed);
    let mut seen = Seen::default();
    for number in 0..scenarios {
        let drawn = draw(&mut random, rust.declaration());
        let (one, other) = (run(&c, &drawn), run(&rust, &drawn));
        if let Some(difference) = difference(&one, &other) {
            panic!(
                "PUMP_SEED={seed}, scenario {number}: in C and in Rust, {difference}\n{}",
                drawn.told(rust.declaration())
            );
        }
        seen.add(&other);
    }
    println!("{seen:#?}");
    // So that the twins had something to differ about.
    if scenarios >= 1_000 {
        for thing in [
            "given",
            "whole",
            "stretched",
            "lost",
            "power cut",
            "refused: lockout",
            "refused: bolus-running",
            "refused: max-per-1h",
            "refused: max-per-24h",
            "refused: window-1h",
            "refused: reservoir",
            "cut: paused",
            "cut: stopped",
            "cut: alarm",
        ] {
            let times = seen.things.get(thing).copied().unwrap_or_default();
            assert!(times >= 10, "{thing}: {times} times only in {seen:#?}");
        }
    }
}

/// Whether two plugins differ in their orders, and in their edges.
fn differences(one: &Plugin, other: &Plugin) -> (bool, bool) {
    let mut random = SplitMix64::new(1);
    let (mut orders, mut edges) = (false, false);
    for _ in 0..200 {
        let drawn = draw(&mut random, other.declaration());
        let (one, other) = (run(one, &drawn), run(other, &drawn));
        orders |= one.orders != other.orders;
        edges |= one.edges != other.edges;
        if orders && edges {
            break;
        }
    }
    (orders, edges)
}

/// A tick is the least that a pump can tell apart.
#[test]
fn a_twin_whose_lockout_is_off_by_a_tick_is_found() {
    const CLOSED: &str = "snapshot->lockout_left_ns > 0";
    let rust = load(&library("pca"));
    // Where it ends early the governor refuses in the strategy's place: no edge differs.
    let folder = tempfile::tempdir().expect("a folder");
    let early = [(CLOSED, "snapshot->lockout_left_ns > 10000000u")];
    let early = load(&pca_in_c(folder.path(), &early));
    assert_eq!(differences(&early, &rust), (true, false));
    let folder = tempfile::tempdir().expect("a folder");
    let late = [
        ("    uint64_t over_ns;", "    uint64_t over_ns, lockout_ns;"),
        (
            "    pca->basal = values[BASAL];",
            "    pca->basal = values[BASAL]; pca->lockout_ns = values[LOCKOUT].num;",
        ),
        (
            CLOSED,
            "snapshot->lockout_left_ns > 0 || (snapshot->bolus_started_ns > 0 && \
             snapshot->now_ns - snapshot->bolus_started_ns < pca->lockout_ns + 10000000u)",
        ),
    ];
    let late = load(&pca_in_c(folder.path(), &late));
    assert_eq!(differences(&late, &rust), (true, true));
}
