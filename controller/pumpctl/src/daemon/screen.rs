//! The daemon on one screen of a terminal, drawn anew whenever something changes.

use std::collections::VecDeque;
use std::io::{Write as _, stdout};
use std::time::Instant;

use pump_control::{Event, Status};
use rustix::termios::tcgetwinsize;

use crate::daemon::paint::Paint;
use crate::daemon::status::tell;
use crate::daemon::watch::{Viewer, event_line};
use crate::failure::Failure;

/// More events than a screen has lines.
const KEPT: usize = 200;
/// Where the terminal does not say how large it is.
const USUAL: (usize, usize) = (24, 80);

/// A screen of its own, which goes when it is dropped.
pub(crate) struct Screen {
    status: Status,
    events: VecDeque<String>,
    missed: u64,
    last: Option<u64>,
    began: Instant,
    drawn: String,
}

impl Screen {
    pub(crate) fn open() -> Result<Self, Failure> {
        write("\x1b[?1049h\x1b[?25l\x1b[2J");
        Ok(Self {
            status: Status::default(),
            events: VecDeque::new(),
            missed: 0,
            last: None,
            began: Instant::now(),
            drawn: String::new(),
        })
    }

    fn draw(&mut self) {
        let (rows, columns) = size();
        let paint = Paint::stdout().flashing(self.began.elapsed());
        let text = tell(&self.status, &paint);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // The events get what is left, and at least a few lines.
        lines.truncate(rows.saturating_sub(5).max(1));
        lines.push(String::new());
        let room = rows.saturating_sub(lines.len() + 2);
        let skipped = self.events.len().saturating_sub(room);
        lines.extend(self.events.iter().skip(skipped).cloned());
        lines.resize(rows.saturating_sub(1), String::new());
        let missed = match self.missed {
            0 => String::new(),
            missed => format!("  {missed} events were not shown"),
        };
        lines.push(paint.dim(&format!("Ctrl-C ends watching, not the pump{missed}")));
        let mut screen = String::from("\x1b[H");
        for (n, line) in lines.iter().enumerate() {
            screen.push_str(if n > 0 { "\r\n" } else { "" });
            screen.push_str(&cut(line, columns));
            screen.push_str("\x1b[K");
        }
        screen.push_str("\x1b[J");
        if screen != self.drawn {
            write(&screen);
            self.drawn = screen;
        }
    }
}

impl Viewer for Screen {
    fn status(&mut self, status: Status) -> Result<bool, Failure> {
        self.status = status;
        Ok(true)
    }

    fn event(&mut self, event: Event) -> Result<bool, Failure> {
        if let Some(last) = self.last {
            self.missed += event.seq.saturating_sub(last).saturating_sub(1);
        }
        self.last = Some(event.seq);
        self.events.push_back(event_line(&event));
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
        Ok(true)
    }

    fn look(&mut self) -> Result<bool, Failure> {
        self.draw();
        Ok(true)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        write("\x1b[?25h\x1b[?1049l");
    }
}

/// A terminal that has gone has seen enough; the daemon will not miss it.
fn write(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn size() -> (usize, usize) {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row.into(), size.ws_col.into()),
        _ => USUAL,
    }
}

/// The part of a line that fits, counting what is seen and not what paints.
fn cut(line: &str, columns: usize) -> String {
    let mut text = String::with_capacity(line.len());
    let (mut seen, mut painting) = (0, false);
    for c in line.chars() {
        match (painting, c) {
            (false, '\x1b') => painting = true,
            (true, 'm') => painting = false,
            (true, _) => {}
            (false, _) => {
                seen += 1;
                if seen > columns {
                    continue;
                }
            }
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_by_what_is_seen_of_it() {
        assert_eq!(cut("µL of dye", 4), "µL o");
        assert_eq!(cut("\x1b[31mred\x1b[0m and", 5), "\x1b[31mred\x1b[0m a");
        assert_eq!(cut("\x1b[31mred\x1b[0m", 2), "\x1b[31mre\x1b[0m");
    }
}
