//! What a plugin prints: kept, shortened, and never anybody's trouble.

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

/// The last few kilobytes that stand on standard output and standard error.
///
/// A pipe that nobody outside reads: when it is full, what is printed is dropped, so that a
/// plugin can neither wait for a reader nor fill a log.
#[derive(Debug)]
pub(crate) struct Printed(OwnedFd);

impl Printed {
    /// Puts the pipe in place of standard output and standard error.
    pub(crate) fn capture() -> rustix::io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        rustix::stdio::dup2_stdout(&writer)?;
        rustix::stdio::dup2_stderr(&writer)?;
        Ok(Self(reader))
    }

    /// The descriptor that is read.
    pub(crate) fn number(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// What was printed first, as one line; empty where there is nothing.
    pub(crate) fn take(&self) -> String {
        let mut bytes = [0; 1024];
        let length = loop {
            match rustix::io::read(&self.0, &mut bytes) {
                Err(Errno::INTR) => {}
                read => break read.unwrap_or(0),
            }
        };
        in_one_line(bytes.get(..length).unwrap_or_default())
    }
}

/// What was printed as one line, without what Rust adds to every panic.
pub(crate) fn in_one_line(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let lines = text.lines().map(str::trim);
    let told = |line: &&str| !line.is_empty() && !line.starts_with("note: ");
    one_line(&lines.filter(told).collect::<Vec<_>>().join(" "), 300)
}

/// The text without control characters and of at most `most` bytes, so that it can't forge a
/// line in a log.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let harmless = |c: &char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let mut line: String = text.chars().filter(harmless).collect();
    let mut end = line.len().min(most);
    while !line.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    line.truncate(end);
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_text_is_cut_between_characters_and_loses_what_could_forge_a_line() {
        assert_eq!(one_line("a\nb\u{1b}[31mc\u{2028}", 99), "ab[31mc");
        assert_eq!(one_line("ääää", 5), "ää");
        assert_eq!(one_line("", 5), "");
    }
}
