//! That there is one writer at a time.

use std::fs::{File, OpenOptions, TryLockError};

use crate::places::Places;
use crate::refusal::OpenError;
use crate::trouble::Trouble;

/// Held by the one who writes.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    pub(crate) fn take(places: &Places) -> Result<Self, OpenError> {
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&places.lock);
        let lock = opened.map_err(|error| Trouble::os(&places.lock, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self(lock)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(places.lock.clone())),
            Err(TryLockError::Error(error)) => Err(Trouble::os(&places.lock, &error).into()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it would not do: a child that is just being started has it open too.
        let _ = self.0.unlock();
    }
}
