//! How punctual the loop is.

use serde::{Deserialize, Serialize};

/// The loop's histograms since they were last reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Time since the reset.
    pub period_ns: u64,
    /// The grid on which the loop ticks.
    pub tick_ns: u64,
    /// The loop's FIFO priority; without it: it runs as an ordinary thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// The processor that it is bound to; without it: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// What is measured: `wake-lateness`, `edge-lateness`, `tick-time`, `ioctl-time`. Others
    /// may join.
    pub histograms: Vec<Distribution>,
}

/// What a histogram comes to. Where `count` is 0, the rest is 0 too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// What is measured.
    pub name: String,
    /// How often it was.
    pub count: u64,
    /// The least.
    pub min_ns: u64,
    /// The median.
    pub p50_ns: u64,
    /// Of a hundred the highest but one.
    pub p99_ns: u64,
    /// Of a thousand the highest but one.
    pub p999_ns: u64,
    /// The highest.
    pub max_ns: u64,
}
