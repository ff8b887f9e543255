//! A request that the processor sleeps only as deep as it can wake from at once.
//!
//! A core in a deep idle state takes up to some hundred microseconds to wake, which a
//! timer can't know beforehand. The kernel keeps its idle states shallow as long as someone
//! holds `/dev/cpu_dma_latency` open with the longest wake-up time that he can bear.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

const DEVICE: &str = "/dev/cpu_dma_latency";

/// The request; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct CpuDmaLatency {
    _held: File,
}

impl CpuDmaLatency {
    /// Asks for a wake-up time of 0 µs: no idle state but the shallowest.
    ///
    /// # Errors
    ///
    /// The device is not there (no power management on this machine, or a container), or
    /// not for this user.
    pub fn hold() -> io::Result<Self> {
        Self::hold_at(Path::new(DEVICE))
    }

    fn hold_at(device: &Path) -> io::Result<Self> {
        let mut held = OpenOptions::new().write(true).open(device)?;
        // Four bytes are a number of microseconds; other lengths would be read as hex text.
        held.write_all(&0_i32.to_ne_bytes())?;
        Ok(Self { _held: held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_of_four_bytes_is_written_while_the_request_is_held() {
        let path = std::env::temp_dir().join(format!("pump-rt-latency-{}", std::process::id()));
        std::fs::write(&path, "").expect("a temporary file");
        let held = CpuDmaLatency::hold_at(&path);
        let written = std::fs::read(&path);
        std::fs::remove_file(&path).expect("the file is there");
        held.expect("the file can be written");
        assert_eq!(written.expect("the file can be read"), [0; 4]);
    }

    #[test]
    fn a_machine_without_the_device_is_an_error() {
        assert!(CpuDmaLatency::hold_at(Path::new("/nowhere/cpu_dma_latency")).is_err());
    }
}
