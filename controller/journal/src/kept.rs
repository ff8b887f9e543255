//! What the daemon puts into [`Durable::checkpoint`](crate::Durable::checkpoint): the state of
//! the control law, with what it takes to go on from it and to tell of it.

use std::fmt;

use serde_json::Value;

/// How it is written. Version 1 had nothing to tell.
const VERSION: u8 = 2;

/// The state of the control law and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// How far ahead of the boot's monotonic clock the pump's was, in nanoseconds.
    pub ahead_ns: u64,
    /// What was known of the pump in the words of its operators, for whoever can't read the
    /// rest.
    pub told: Option<Value>,
    /// The state of the control law, in its own words.
    pub checkpoint: Vec<u8>,
}

/// Why bytes are nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// There are none, or they end in the middle.
    Short,
    /// They are written in a way that this build does not know.
    Version(u8),
    /// What they tell is no JSON.
    NotJson,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("it is cut short"),
            Self::Version(found) => write!(
                f,
                "it is of version {found}, and none after {VERSION} is known"
            ),
            Self::NotJson => f.write_str("what it tells is no JSON"),
        }
    }
}

impl std::error::Error for NotKept {}

impl Kept {
    /// As bytes.
    pub fn write(&self) -> Vec<u8> {
        let told = self.told.as_ref().map(Value::to_string).unwrap_or_default();
        // A text of 4 GiB is none that anybody reads.
        let (length, told) = match u32::try_from(told.len()) {
            Ok(length) => (length, told),
            Err(_) => (0, String::new()),
        };
        let mut bytes = vec![VERSION];
        bytes.extend(self.ahead_ns.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(told.as_bytes());
        bytes.extend(&self.checkpoint);
        bytes
    }

    /// What [`Kept::write`] wrote, or its first version.
    ///
    /// # Errors
    /// See [`NotKept`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotKept> {
        let (version, rest) = bytes.split_first().ok_or(NotKept::Short)?;
        let (ahead, rest) = rest.split_first_chunk().ok_or(NotKept::Short)?;
        let ahead_ns = u64::from_le_bytes(*ahead);
        let (told, checkpoint) = match version {
            1 => (&[][..], rest),
            &VERSION => {
                let (length, rest) = rest.split_first_chunk().ok_or(NotKept::Short)?;
                let length = usize::try_from(u32::from_le_bytes(*length));
                let length = length.map_err(|_| NotKept::Short)?;
                rest.split_at_checked(length).ok_or(NotKept::Short)?
            }
            &found => return Err(NotKept::Version(found)),
        };
        let told = match told {
            [] => None,
            text => Some(serde_json::from_slice(text).map_err(|_| NotKept::NotJson)?),
        };
        Ok(Self {
            ahead_ns,
            told,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_comes_back_whole_and_no_part_of_it_is_taken_for_it() {
        for told in [None, Some(json!({ "delivered": "µ" }))] {
            let kept = Kept {
                ahead_ns: 1 << 40,
                told,
                checkpoint: vec![7; 30],
            };
            let bytes = kept.write();
            assert_eq!(Kept::read(&bytes), Ok(kept));
            let head = bytes.len() - 30;
            for end in 0..head {
                assert_eq!(Kept::read(&bytes[..end]), Err(NotKept::Short), "{end}");
            }
        }
    }

    #[test]
    fn the_first_version_has_nothing_to_tell_and_a_later_one_is_refused() {
        let mut bytes = vec![1];
        bytes.extend(5_u64.to_le_bytes());
        bytes.extend([9, 9]);
        let first = Kept {
            ahead_ns: 5,
            told: None,
            checkpoint: vec![9, 9],
        };
        assert_eq!(Kept::read(&bytes), Ok(first));
        bytes[0] = 3;
        assert_eq!(Kept::read(&bytes), Err(NotKept::Version(3)));
        let mut no_json = vec![VERSION];
        no_json.extend(0_u64.to_le_bytes());
        no_json.extend(1_u32.to_le_bytes());
        no_json.push(b'{');
        assert_eq!(Kept::read(&no_json), Err(NotKept::NotJson));
    }
}
