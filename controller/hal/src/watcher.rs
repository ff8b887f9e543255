//! Input lines as an [`InputSource`]: draining, judging and looking again.

use std::time::Duration;

use pump_core::pump::Sensors;
use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::debounce::Watched;
use crate::{FluidPath, Input, InputBatch, InputEvent, InputSource, Level, LineError, Loss};
use crate::{Polarity, Reading, Sensor, SensorLost};

/// How often the levels are read although no edge was told: the kernel keeps 16 edges of a
/// line and drops the rest.
const LOOK: Nanoseconds = Nanoseconds::from_millis(200);

/// The most lines there are.
pub(crate) const MAX_LINES: usize = Input::ALL.len();

/// A change of a line as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) level: Level,
    pub(crate) at: MonoNs,
}

/// The lines below a [`Watcher`], by index; a set of them is a mask of bits.
pub(crate) trait Wires: Send {
    fn now(&self) -> MonoNs;

    /// Waits until one of `lines` has an edge to read, at most so long: those that have.
    fn wait(&mut self, lines: u32, timeout: Nanoseconds) -> Result<u32, LineError>;

    /// The oldest edge of a line that has one.
    fn edge(&mut self, line: usize) -> Result<Edge, LineError>;

    /// The level of a line now.
    fn level(&mut self, line: usize) -> Result<Level, LineError>;
}

#[derive(Debug)]
pub(crate) struct Watcher<W> {
    wires: W,
    lines: Vec<(Watched, Polarity)>,
    look_at: MonoNs,
}

const fn bit(line: usize) -> u32 {
    1 << line
}

impl<W: Wires> Watcher<W> {
    /// Watches at most [`MAX_LINES`] lines from now on. A line that can't be read at once is
    /// not accepted.
    pub(crate) fn new(
        mut wires: W,
        inputs: &[(Input, Polarity, Nanoseconds)],
    ) -> Result<Self, (usize, LineError)> {
        let now = wires.now();
        let mut lines = Vec::with_capacity(inputs.len());
        for (index, (input, polarity, debounce)) in inputs.iter().enumerate() {
            let level = wires.level(index).map_err(|error| (index, error))?;
            let active = polarity.is_on(level);
            lines.push((Watched::new(*input, *debounce, active, now), *polarity));
        }
        Ok(Self {
            wires,
            lines,
            look_at: now.after(LOOK),
        })
    }

    /// The lines that can be waited for.
    fn sound(&self) -> u32 {
        let sound = self.lines.iter().enumerate();
        sound
            .filter(|(_, (line, _))| !line.is_lost())
            .fold(0, |lines, (index, _)| lines | bit(index))
    }

    /// Reads every edge there is. Afterwards all that happened before the answer is known;
    /// `None`: there may be more, but the batch has no room.
    fn drain(&mut self, batch: &mut InputBatch) -> Option<MonoNs> {
        loop {
            if batch.room() < MAX_LINES {
                return None;
            }
            let now = self.wires.now();
            let sound = self.sound();
            let ready = match self.wires.wait(sound, Nanoseconds::ZERO) {
                Ok(ready) => ready & sound,
                Err(error) => {
                    let loss = Loss::Unreadable { errno: error.errno };
                    for (line, _) in &mut self.lines {
                        tell(batch, [line.lose(loss, now)]);
                    }
                    return Some(now);
                }
            };
            if ready == 0 {
                return Some(now);
            }
            for (index, (line, polarity)) in self.lines.iter_mut().enumerate() {
                if ready & bit(index) == 0 {
                    continue;
                }
                if batch.room() < MAX_LINES {
                    return None;
                }
                match self.wires.edge(index) {
                    Ok(edge) => {
                        // A kernel before 5.7 stamps with another clock.
                        let at = edge.at.min(self.wires.now());
                        tell(batch, line.edge(polarity.is_on(edge.level), at));
                    }
                    Err(error) => {
                        let loss = Loss::Unreadable { errno: error.errno };
                        tell(batch, [line.lose(loss, now)]);
                    }
                }
            }
        }
    }

    /// Reads the levels of all lines.
    fn look(&mut self, batch: &mut InputBatch, now: MonoNs) {
        self.look_at = now.after(LOOK);
        for (index, (line, polarity)) in self.lines.iter_mut().enumerate() {
            if line.is_lost() {
                continue;
            }
            match self.wires.level(index) {
                Ok(level) => tell(batch, line.look(polarity.is_on(level), now)),
                Err(error) => {
                    let loss = Loss::Unreadable { errno: error.errno };
                    tell(batch, [line.lose(loss, now)]);
                }
            }
        }
    }

    /// Looks at lost lines whose time has come: only one that was quiet since the last look
    /// is taken back.
    fn retry(&mut self, batch: &mut InputBatch, now: MonoNs) {
        /// The kernel holds no more than this of a line.
        const HELD: usize = 64;
        for (index, (line, polarity)) in self.lines.iter_mut().enumerate() {
            if !line.is_lost() || line.due() > now {
                continue;
            }
            let mut quiet = true;
            for _ in 0..HELD {
                match self.wires.wait(bit(index), Nanoseconds::ZERO) {
                    Ok(0) => break,
                    Ok(_) => quiet = false,
                    Err(_) => {
                        quiet = false;
                        break;
                    }
                }
                if self.wires.edge(index).is_err() {
                    break;
                }
            }
            match self.wires.level(index) {
                Ok(level) if quiet => tell(batch, [line.revive(polarity.is_on(level), now)]),
                _ => line.stay_lost(now),
            }
        }
    }

    /// When something is due although nothing happens.
    fn due(&self) -> MonoNs {
        let lines = self.lines.iter().map(|(line, _)| line.due());
        lines.fold(self.look_at, MonoNs::min)
    }
}

fn tell(batch: &mut InputBatch, events: impl IntoIterator<Item = Option<InputEvent>>) {
    for event in events.into_iter().flatten() {
        // There was room: who calls has looked.
        let _ = batch.push(event);
    }
}

impl<W: Wires> FluidPath for Watcher<W> {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        let mut lines = Sensors::default();
        for sensor in Sensor::ALL {
            match self.reading(Input::Sensor(sensor)) {
                Reading::Inactive => {}
                Reading::Active => sensor.write(&mut lines, true),
                Reading::Lost(_) => return Err(SensorLost(sensor)),
            }
        }
        Ok(lines)
    }
}

impl<W: Wires> InputSource for Watcher<W> {
    fn wait(&mut self, timeout: Duration) -> InputBatch {
        let mut batch = InputBatch::default();
        let timeout = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let until = self.wires.now().after(Nanoseconds(timeout));
        loop {
            let Some(now) = self.drain(&mut batch) else {
                return batch;
            };
            for (line, _) in &mut self.lines {
                if batch.room() > 0 {
                    tell(&mut batch, [line.settle(now)]);
                }
            }
            if now >= self.look_at && batch.room() >= 2 * MAX_LINES {
                self.look(&mut batch, now);
            }
            if batch.room() >= MAX_LINES {
                self.retry(&mut batch, now);
            }
            if !batch.is_empty() || now >= until {
                return batch;
            }
            let span = self.due().min(until).since(now);
            // Whatever it answers, the next drain asks again.
            let _ = self.wires.wait(self.sound(), span);
        }
    }

    fn reading(&self, input: Input) -> Reading {
        let mut lines = self.lines.iter();
        lines
            .find(|(line, _)| line.input() == input)
            .map_or(Reading::Inactive, |(line, _)| line.reading())
    }

    fn has(&self, input: Input) -> bool {
        self.lines.iter().any(|(line, _)| line.input() == input)
    }
}

#[cfg(test)]
mod tests;
