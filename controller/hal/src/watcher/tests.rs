//! The watcher over wires in virtual time.

use std::collections::VecDeque;

use super::*;

const MS: u64 = 1_000_000;
const DEBOUNCE: Nanoseconds = Nanoseconds::from_millis(10);
const GONE: LineError = LineError { errno: 19 };

/// What happens to a wire, and when.
#[derive(Clone, Copy)]
enum Fate {
    Edge(Level),
    /// The level changes and no edge tells of it.
    Silent(Level),
    /// It can't be read, or can be again.
    Broken(bool),
}

/// Wires with a script. Waiting moves the clock to the next thing that happens.
#[derive(Default)]
struct Script {
    now: MonoNs,
    to_come: VecDeque<(MonoNs, usize, Fate)>,
    levels: [Option<Level>; MAX_LINES],
    edges: [VecDeque<Edge>; MAX_LINES],
    broken: [bool; MAX_LINES],
    waits: usize,
}

impl Script {
    fn new(lines: usize) -> Self {
        let mut script = Self::default();
        for level in script.levels.iter_mut().take(lines) {
            *level = Some(Level::Low);
        }
        script
    }

    fn at(mut self, ms: u64, line: usize, fate: Fate) -> Self {
        self.to_come.push_back((MonoNs(ms * MS), line, fate));
        self
    }

    fn happen(&mut self) {
        while let Some((at, line, fate)) = self.to_come.front().copied() {
            if at > self.now {
                return;
            }
            self.to_come.pop_front();
            match fate {
                Fate::Edge(level) => {
                    self.levels[line] = Some(level);
                    // As many as the kernel keeps.
                    if self.edges[line].len() < 16 {
                        self.edges[line].push_back(Edge { level, at });
                    }
                }
                Fate::Silent(level) => self.levels[line] = Some(level),
                Fate::Broken(broken) => self.broken[line] = broken,
            }
        }
    }

    fn ready(&self, lines: u32) -> u32 {
        (0..MAX_LINES)
            .filter(|line| lines & bit(*line) != 0)
            .filter(|line| self.broken[*line] || !self.edges[*line].is_empty())
            .fold(0, |ready, line| ready | bit(line))
    }
}

impl Wires for Script {
    fn now(&self) -> MonoNs {
        self.now
    }

    fn wait(&mut self, lines: u32, timeout: Nanoseconds) -> Result<u32, LineError> {
        self.waits += 1;
        assert!(self.waits < 100_000, "it spins");
        let until = self.now.after(timeout);
        self.happen();
        while self.ready(lines) == 0 && self.now < until {
            let next = self.to_come.front().map_or(until, |(at, _, _)| *at);
            self.now = next.min(until);
            self.happen();
        }
        Ok(self.ready(lines))
    }

    fn edge(&mut self, line: usize) -> Result<Edge, LineError> {
        if self.broken[line] {
            return Err(GONE);
        }
        self.edges[line].pop_front().ok_or(GONE)
    }

    fn level(&mut self, line: usize) -> Result<Level, LineError> {
        if self.broken[line] {
            return Err(GONE);
        }
        self.levels[line].ok_or(GONE)
    }
}

/// A button on line 0 and an occlusion sensor, bad when low, on line 1.
const INPUTS: [(Input, Polarity, Nanoseconds); 2] = [
    (Input::Button, Polarity::ActiveHigh, DEBOUNCE),
    (
        Input::Sensor(Sensor::Occlusion),
        Polarity::ActiveLow,
        DEBOUNCE,
    ),
];

fn watch(mut script: Script) -> Watcher<Script> {
    script.levels[1] = Some(Level::High);
    Watcher::new(script, &INPUTS).expect("every wire is there")
}

/// Everything told until the script is long over.
fn told(watcher: &mut Watcher<Script>, until_ms: u64) -> Vec<(Input, Reading, u64)> {
    let mut told = Vec::new();
    while watcher.wires.now < MonoNs(until_ms * MS) {
        let batch = watcher.wait(Duration::from_millis(50));
        told.extend(batch.iter().map(|e| (e.input, e.reading, e.at.0 / MS)));
    }
    told
}

const OCCLUSION: Input = Input::Sensor(Sensor::Occlusion);

#[test]
fn a_press_and_an_occlusion_are_told_with_the_kernels_stamps() {
    let script = Script::new(2)
        .at(100, 0, Fate::Edge(Level::High))
        .at(105, 1, Fate::Edge(Level::Low))
        .at(300, 0, Fate::Edge(Level::Low));
    let mut watcher = watch(script);
    assert_eq!(
        told(&mut watcher, 1_000),
        [
            (Input::Button, Reading::Active, 100),
            (OCCLUSION, Reading::Active, 105),
            (Input::Button, Reading::Inactive, 300),
        ]
    );
    assert!(watcher.sensors().is_ok_and(|lines| lines.occlusion));
    assert!(watcher.has(OCCLUSION) && !watcher.has(Input::Sensor(Sensor::Air)));
}

#[test]
fn a_wait_without_news_ends_when_it_was_told_to() {
    let mut watcher = watch(Script::new(2));
    assert!(watcher.wait(Duration::from_millis(730)).is_empty());
    assert_eq!(watcher.wires.now, MonoNs(730 * MS));
    assert!(watcher.wires.waits < 20, "and it slept meanwhile");
}

#[test]
fn edges_that_wait_unread_are_read_before_a_level_is_believed() {
    // Nobody looks from 100 ms on until long after: the first edge alone would look held.
    let script =
        Script::new(2)
            .at(100, 0, Fate::Edge(Level::High))
            .at(102, 0, Fate::Edge(Level::Low));
    let mut watcher = watch(script);
    watcher.wires.now = MonoNs(5_000 * MS);
    assert_eq!(told(&mut watcher, 6_000), []);
}

#[test]
fn a_missed_edge_is_found_within_the_time_of_a_look() {
    let script = Script::new(2).at(310, 1, Fate::Silent(Level::Low));
    let mut watcher = watch(script);
    let told = told(&mut watcher, 1_000);
    assert_eq!(told, [(OCCLUSION, Reading::Active, 400)]);
}

#[test]
fn w11_a_line_that_breaks_is_lost_and_the_others_go_on() {
    let script = Script::new(2)
        .at(100, 1, Fate::Broken(true))
        .at(150, 0, Fate::Edge(Level::High))
        .at(3_000, 1, Fate::Broken(false));
    let mut watcher = watch(script);
    let lost = Reading::Lost(Loss::Unreadable { errno: 19 });
    let first = told(&mut watcher, 2_000);
    assert_eq!(
        first,
        [
            (OCCLUSION, lost, 100),
            (Input::Button, Reading::Active, 150)
        ]
    );
    assert_eq!(watcher.sensors(), Err(SensorLost(Sensor::Occlusion)));
    let then = told(&mut watcher, 6_000);
    assert_eq!(then, [(OCCLUSION, Reading::Inactive, 3_100)]);
}

#[test]
fn w11_a_flood_loses_the_line_until_it_was_quiet_for_a_second() {
    let mut script = Script::new(2);
    for n in 0..30_000_u64 {
        let level = if n % 2 == 0 { Level::Low } else { Level::High };
        let at = MonoNs(100 * MS + n * MS / 10);
        script.to_come.push_back((at, 1, Fate::Edge(level)));
    }
    let script = script.at(3_500, 0, Fate::Edge(Level::High));
    let mut watcher = watch(script);
    let told = told(&mut watcher, 10_000);
    let [lost, pressed, back] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*lost, (OCCLUSION, Reading::Lost(Loss::Flood), 110));
    assert_eq!(*pressed, (Input::Button, Reading::Active, 3_500));
    assert_eq!((back.0, back.1), (OCCLUSION, Reading::Inactive));
    assert!(back.2 >= 4_100, "the flood ended at 3.1 s: {back:?}");
    assert!(
        watcher.wires.waits < 1_500,
        "a lost line wakes nobody: {} waits",
        watcher.wires.waits
    );
}

#[test]
fn a_line_that_is_bad_when_it_is_opened_is_told_first() {
    let mut script = Script::new(2);
    script.levels[0] = Some(Level::High);
    let mut watcher = Watcher::new(script, &INPUTS).expect("every wire is there");
    let batch = watcher.wait(Duration::ZERO);
    let told: Vec<Input> = batch.iter().map(|event| event.input).collect();
    assert_eq!(told, [Input::Button, OCCLUSION]);
}

#[test]
fn a_line_that_cannot_be_read_at_first_is_not_accepted() {
    let opened = Watcher::new(Script::new(1), &INPUTS);
    assert_eq!(opened.err(), Some((1, GONE)));
}
