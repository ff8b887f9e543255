//! A terminal for the program to sit at.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::bench::PATIENCE;

const ROWS: NonZero<u16> = NonZero::new(30).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(80).unwrap();

/// A program at a terminal.
pub(crate) struct Terminal {
    ours: File,
    child: Child,
    /// Everything that the program wrote.
    pub(crate) seen: String,
    bytes: Vec<u8>,
}

impl Terminal {
    pub(crate) fn run(mut command: Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).expect("a terminal");
        unlockpt(&ours).expect("a terminal");
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: COLUMNS.get(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&ours, size).expect("a terminal");
        let name = ptsname(&ours, Vec::new()).expect("a terminal");
        let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let theirs = || {
            let opened = OpenOptions::new().read(true).write(true).open(name);
            Stdio::from(opened.expect("a terminal"))
        };
        command.stdin(theirs()).stdout(theirs()).stderr(theirs());
        let child = command.spawn().expect("the program runs");
        // With the command its copies of the terminal go, so that its end can be seen.
        drop(command);
        Self {
            ours: File::from(ours),
            child,
            seen: String::new(),
            bytes: Vec::new(),
        }
    }

    /// Waits until something was written.
    pub(crate) fn expect(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.seen.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "no {text:?} in {}", self.seen);
            assert!(self.read(), "no {text:?} in {}", self.seen);
        }
    }

    /// What is on the screen, row by row, with its colours.
    fn painted(&self) -> String {
        let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
        parser.process(&self.bytes);
        let screen = parser.screen();
        let mut painted = String::new();
        for row in 0..ROWS.get() {
            let cells = (0..COLUMNS.get()).filter_map(|column| screen.cell(row, column));
            for cell in cells {
                let text = match cell.contents() {
                    "" => " ",
                    text => text,
                };
                painted += &format!("\x1b[0{}m{text}", look(cell));
            }
            painted += "\x1b[0m\n";
        }
        painted
    }

    /// Waits until this is on the screen, colours and all. The whole of it then.
    pub(crate) fn expect_painted(&mut self, part: &str) -> String {
        let begun = Instant::now();
        loop {
            let painted = self.painted();
            if painted.contains(part) {
                return painted;
            }
            assert!(begun.elapsed() < PATIENCE, "no {part:?} in\n{painted}");
            assert!(self.read(), "it has ended with no {part:?} in\n{painted}");
        }
    }

    /// Waits until this is on the screen, which the program draws as it likes.
    pub(crate) fn expect_on_screen(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
            screen.process(&self.bytes);
            let shown = screen.screen().contents();
            if shown.contains(text) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no {text:?} in\n{shown}");
            assert!(self.read(), "it has ended with no {text:?} in\n{shown}");
        }
    }

    pub(crate) fn enter(&mut self, text: &str) {
        self.ours.write_all(text.as_bytes()).expect("a terminal");
        self.ours.write_all(b"\n").expect("a terminal");
    }

    /// Keys, without the one that ends a line.
    pub(crate) fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).expect("a terminal");
    }

    pub(crate) fn interrupt(&self) {
        let child = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(child.expect("a process"), Signal::INT).expect("it runs");
    }

    /// Waits for the program's end. Its exit code.
    pub(crate) fn end(&mut self) -> i32 {
        while self.read() {}
        let status = self.child.wait().expect("it ended");
        status.code().expect("an exit code")
    }

    /// Whether there may be more to read.
    fn read(&mut self) -> bool {
        let second = Timespec::try_from(Duration::from_millis(100)).expect("it is short");
        let mut polled = [PollFd::new(&self.ours, PollFlags::IN)];
        if poll(&mut polled, Some(&second)).expect("a terminal") == 0 {
            return true;
        }
        let mut gulp = [0; 4096];
        match self.ours.read(&mut gulp) {
            Ok(count) if count > 0 => {
                self.bytes.extend(&gulp[..count]);
                self.seen = String::from_utf8_lossy(&self.bytes).into_owned();
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            _ => false,
        }
    }
}

/// How a cell looks, as a terminal is told.
fn look(cell: &vt100::Cell) -> String {
    let mut codes = String::new();
    for (is, code) in [
        (cell.bold(), ";1"),
        (cell.dim(), ";2"),
        (cell.inverse(), ";7"),
    ] {
        codes += if is { code } else { "" };
    }
    for (colour, code) in [(cell.fgcolor(), 38), (cell.bgcolor(), 48)] {
        codes += &match colour {
            vt100::Color::Default => String::new(),
            vt100::Color::Idx(index) => format!(";{code};5;{index}"),
            vt100::Color::Rgb(red, green, blue) => format!(";{code};2;{red};{green};{blue}"),
        };
    }
    codes
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has mostly ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
