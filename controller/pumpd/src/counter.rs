//! A counter in hardware on the STEP line: a witness of the ledger that software can't mislead.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A file of `/sys/bus/counter` that holds a count.
#[derive(Debug)]
pub(crate) struct StepCounter {
    file: File,
    tolerance: u64,
    /// What it and the ledger said at first.
    base: Option<(u32, u32)>,
}

/// The counter and the ledger are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disagreement {
    /// By so many steps: more than is tolerated.
    Steps(u64),
    /// The counter can't be read any more, which is no reading of "all is well" (W11).
    Unreadable,
}

impl StepCounter {
    pub(crate) fn open(path: &Path, tolerance: u64) -> io::Result<Self> {
        let counter = Self {
            file: File::open(path)?,
            tolerance,
            base: None,
        };
        counter.read()?;
        Ok(counter)
    }

    /// The count now. Counters have 32 bits and wrap; a longer one is taken for its lower 32.
    /// On the stack: who calls may not allocate.
    fn read(&self) -> io::Result<u32> {
        let mut text = [0_u8; 32];
        let length = self.file.read_at(&mut text, 0)?;
        let digits = text.get(..length).unwrap_or_default().trim_ascii();
        let mut count = 0_u32;
        if digits.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            count = count
                .wrapping_mul(10)
                .wrapping_add(u32::from(digit.wrapping_sub(b'0')));
        }
        Ok(count)
    }

    /// Begins anew: the next comparison only remembers both.
    pub(crate) const fn forget(&mut self) {
        self.base = None;
    }

    /// Holds the counter against the edges of the ledger, which is read before and after.
    /// The first call only remembers both.
    ///
    /// # Errors
    /// They are further apart than is tolerated, or the counter is lost.
    pub(crate) fn compare(&mut self, edges: impl Fn() -> u64) -> Result<(), Disagreement> {
        let before = low(edges());
        let count = self.read().map_err(|_| Disagreement::Unreadable)?;
        let after = low(edges());
        let Some((count_then, edges_then)) = self.base else {
            // While the motor steps, nobody knows which edges the reading has seen.
            if before == after {
                self.base = Some((count, after));
            }
            return Ok(());
        };
        let counted = count.wrapping_sub(count_then);
        let apart = |edges: u32| {
            let apart = counted.wrapping_sub(edges.wrapping_sub(edges_then));
            u64::from(apart.min(apart.wrapping_neg()))
        };
        let apart = apart(before).min(apart(after));
        if apart > self.tolerance {
            return Err(Disagreement::Steps(apart));
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the counter wraps there too"
)]
const fn low(edges: u64) -> u32 {
    edges as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(count: u32) -> (tempfile::TempDir, StepCounter) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("count");
        std::fs::write(&path, format!("{count}\n")).expect("a count");
        let counter = StepCounter::open(&path, 4).expect("a counter");
        (folder, counter)
    }

    fn show(folder: &tempfile::TempDir, count: u32) {
        std::fs::write(folder.path().join("count"), format!("{count}\n")).expect("a count");
    }

    #[test]
    fn a_counter_that_is_apart_by_more_than_its_tolerance_disagrees() {
        let (folder, mut counter) = counter(100);
        assert_eq!(counter.compare(|| 7), Ok(()));
        for (count, edges, expected) in [
            (150, 57, Ok(())),
            (154, 57, Ok(())),
            (155, 57, Err(Disagreement::Steps(5))),
            (146, 57, Ok(())),
            (145, 57, Err(Disagreement::Steps(5))),
        ] {
            show(&folder, count);
            assert_eq!(counter.compare(|| edges), expected, "{count} of {edges}");
        }
    }

    #[test]
    fn a_counter_may_wrap() {
        let (folder, mut counter) = counter(u32::MAX - 1);
        assert_eq!(counter.compare(|| 10), Ok(()));
        show(&folder, 8);
        assert_eq!(counter.compare(|| 20), Ok(()));
    }

    #[test]
    fn a_counter_that_is_no_number_or_gone_is_lost() {
        let (folder, mut counter) = counter(1);
        assert_eq!(counter.compare(|| 1), Ok(()));
        for text in ["", "\n", "-3", "1e3"] {
            std::fs::write(folder.path().join("count"), text).expect("it is written");
            assert_eq!(
                counter.compare(|| 1),
                Err(Disagreement::Unreadable),
                "{text:?}"
            );
        }
    }
}
