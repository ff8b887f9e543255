//! What the loop was asked to arm and has not answered yet, by its task.

use std::collections::VecDeque;

/// A few at most: more are asked for only where none is answered.
const MOST: usize = 8;

/// Something for each of these armings.
#[derive(Debug)]
pub(super) struct Expected<T>(VecDeque<(u64, T)>);

impl<T> Default for Expected<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Expected<T> {
    /// The loop is about to be asked for the arming of this task. Tasks are numbered upwards.
    pub(super) fn push(&mut self, id: u64, what: T) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((id, what));
    }

    /// The loop took this task; those before it were never taken, and never will be.
    pub(super) fn take(&mut self, id: u64) -> Option<T> {
        while self.0.front().is_some_and(|(known, _)| *known < id) {
            self.0.pop_front();
        }
        let is_next = self.0.front().is_some_and(|(known, _)| *known == id);
        let (_, what) = is_next.then(|| self.0.pop_front()).flatten()?;
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_over_is_forgotten_and_what_is_to_come_is_not() {
        let mut expected = Expected::default();
        for id in [1, 2, 4] {
            expected.push(id, id * 10);
        }
        assert_eq!(expected.take(2), Some(20));
        assert_eq!(expected.take(1), None);
        assert_eq!(expected.take(3), None);
        assert_eq!(expected.take(4), Some(40));
        assert_eq!(expected.take(4), None);
    }

    #[test]
    fn no_more_than_a_few_wait() {
        let mut expected = Expected::default();
        for id in 0..=8 {
            expected.push(id, ());
        }
        assert_eq!(expected.take(0), None);
        assert_eq!(expected.take(1), Some(()));
    }
}
