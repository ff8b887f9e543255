//! The tape that pumpd wrote, held against the edges of a replay.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;

use pump_core::pump::EdgeFate;
use pump_recording::Edge;

use crate::failure::Failure;

/// An edge on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnTape {
    /// When it was due, by the pump's clock.
    pub(crate) due_ns: u64,
    /// Whether the kernel took it.
    pub(crate) taken: bool,
}

/// The first edge that is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherEdge {
    /// Its number in the run, from 1.
    pub(crate) number: u64,
    pub(crate) tape: Option<OnTape>,
    pub(crate) replay: OnTape,
}

/// A tape under way.
pub(crate) struct Tape {
    shown: String,
    lines: Lines<BufReader<File>>,
    ahead_ns: u64,
    from_ns: u64,
    number: u64,
    other: Option<OtherEdge>,
    trouble: Option<String>,
}

impl Tape {
    /// Begins where the run was armed.
    pub(crate) fn open(path: &Path, ahead_ns: u64, armed_at_ns: u64) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| Failure::Input(format!("{shown}: can't be read: {error}")))?;
        let mut lines = BufReader::new(file).lines();
        match lines.next() {
            Some(Ok(first)) if first == "due_ns,issued_ns,taken" => {}
            _ => {
                return Err(Failure::Input(format!(
                    "{shown}: this is no tape of pumpd's"
                )));
            }
        }
        Ok(Self {
            shown,
            lines,
            ahead_ns,
            from_ns: armed_at_ns,
            number: 0,
            other: None,
            trouble: None,
        })
    }

    /// The replay has come to this edge.
    pub(crate) fn edge(&mut self, edge: &Edge) {
        if self.other.is_some() || self.trouble.is_some() {
            return;
        }
        self.number += 1;
        let replay = OnTape {
            due_ns: edge.due.0,
            taken: edge.fate == EdgeFate::Accepted,
        };
        let tape = self.next();
        if tape != Some(replay) {
            self.other = Some(OtherEdge {
                number: self.number,
                tape,
                replay,
            });
        }
    }

    fn next(&mut self) -> Option<OnTape> {
        loop {
            let line = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => {
                    self.trouble = Some(error.to_string());
                    return None;
                }
            };
            let mut columns = line.split(',');
            let due: Option<u64> = columns.next().and_then(|due| due.parse().ok());
            let (Some(due), Some(taken)) = (due, columns.nth(1)) else {
                self.trouble = Some(format!("`{line}` is no edge"));
                return None;
            };
            let due_ns = due.saturating_add(self.ahead_ns);
            // What lies before is another run's.
            if due_ns >= self.from_ns {
                let taken = taken == "1";
                return Some(OnTape { due_ns, taken });
            }
        }
    }

    /// The first edge that is another.
    pub(crate) fn finish(self) -> Result<Option<OtherEdge>, Failure> {
        match self.trouble {
            Some(trouble) => Err(Failure::Input(format!("{}: {trouble}", self.shown))),
            None => Ok(self.other),
        }
    }
}
