//! How things are: what the board shows, and what the rest of the daemon adds to it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use pump_control::{
    CheckState, Code, Distribution, Health, Journal, Latency, Pending, Preflight, Refusal, Status,
    Thread, Threads,
};
use pump_core::pump::TICK;
use pump_core::quantity::MonoNs;
use pump_rt::histogram::Histogram;
use pump_rt::report::{self, Class, ThreadReport};
use pump_rt::{clock, guard, memory};

use crate::link::LinkPhase;
use crate::preflight::Aim;
use crate::service::Desk;
use crate::vitals::LOOP_STALE;

const NS_PER_US: u64 = 1_000;

impl Desk {
    /// How things are.
    pub(crate) fn status(&self, now: MonoNs, threads: bool) -> Status {
        let mut status = self.board.status(now);
        for (regimen, link) in status.regimens.iter_mut().zip(&self.parts.links) {
            regimen.link = link_word(&link.phase()).to_owned();
            regimen.respawns = link.respawns();
            regimen.pid = link.pid();
        }
        let proposal = self.proposal.as_ref();
        status.proposal = proposal.map(|proposed| Pending {
            id: proposed.checked.id.clone(),
            sha256: proposed.checked.sha256_hex(),
            by: proposed.by.clone(),
            expires_in_s: proposed.expires_in_s(now),
        });
        status.health = self.health();
        status.journal = Some(self.journal());
        status.threads = threads.then(|| self.threads());
        status
    }

    /// How the record of everything does.
    fn journal(&self) -> Journal {
        let disk = self.parts.disk.state();
        let (trouble, fix) = disk.trouble.unzip();
        Journal {
            head: disk.head,
            commits: disk.commits,
            last_sync_ns: disk.took.0,
            slowest_sync_ns: disk.worst.0,
            trouble,
            fix,
        }
    }

    fn health(&self) -> Health {
        let now = clock::now();
        let vitals = &self.parts.vitals;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let lanes = [
            ("journal", &vitals.lost_to_journal),
            ("control", &vitals.lost_to_control),
            ("links", &vitals.lost_to_links),
        ];
        let drops = lanes.map(|(name, lost)| (name.to_owned(), count(lost)));
        let braked = vitals.braked.load(Ordering::Acquire);
        let age = vitals.pump_loop.age(now);
        Health {
            alive: !braked && age <= LOOP_STALE,
            braked,
            cut_after_ns: vitals.cut.last().map(|(_, after)| after.0),
            age_ns: age.0,
            ticks: count(&vitals.ticks),
            lane_drops: BTreeMap::from(drops),
            forbidden_allocations: guard::violations(),
            refused_edges: count(&vitals.refused_edges),
        }
    }

    fn threads(&self) -> Threads {
        // What the kernel does not say is left out: a table with gaps is better than none.
        let throttle = report::throttle().ok();
        let limited = throttle.and_then(|t| Some((t.runtime_us?, t.period_us)));
        let list = report::threads().unwrap_or_default();
        Threads {
            list: list.iter().map(|thread| self.thread(thread)).collect(),
            locked_kb: memory::locked_kb().unwrap_or_default(),
            resident_kb: memory::resident_kb().unwrap_or_default(),
            preempt_rt: report::is_preempt_rt(),
            throttle_runtime_ns: limited.map(|(run, _)| run.saturating_mul(NS_PER_US)),
            throttle_period_ns: limited.map(|(_, period)| period.saturating_mul(NS_PER_US)),
        }
    }

    fn thread(&self, thread: &ThreadReport) -> Thread {
        let mut planned = self.parts.planned.iter();
        let planned = planned.find(|(name, _)| *name == thread.name);
        Thread {
            name: thread.name.clone(),
            tid: thread.tid,
            policy: match thread.policy {
                Class::Normal => "normal".to_owned(),
                other => other.name().to_lowercase(),
            },
            priority: thread.priority,
            planned: planned.map(|(_, policy)| policy.to_string().to_lowercase()),
            cpus: thread.affinity.clone(),
            voluntary_switches: thread.voluntary_switches,
            involuntary_switches: thread.involuntary_switches,
            cpu_ns: thread.cpu_time.0,
        }
    }

    /// How punctual the loop is.
    pub(crate) fn latency(&mut self, now: MonoNs, reset: bool) -> Latency {
        let vitals = &self.parts.vitals;
        let histograms = [
            ("wake-lateness", &vitals.wake_lateness),
            ("edge-lateness", &vitals.edge_lateness),
            ("tick-time", &vitals.tick_time),
            ("ioctl-time", &vitals.ioctl_time),
        ];
        let histograms = histograms.map(|(name, histogram)| distribution(name, histogram, reset));
        let threads = report::threads().unwrap_or_default();
        let dosing = threads.iter().find(|thread| thread.name.ends_with("loop"));
        let period = now.since(self.latency_since);
        if reset {
            self.latency_since = now;
        }
        Latency {
            period_ns: period.0,
            tick_ns: TICK.0,
            priority: dosing
                .filter(|thread| thread.policy == Class::Fifo)
                .map(|thread| thread.priority),
            // It is bound where the kernel names one processor and no range of them.
            cpu: dosing.and_then(|thread| thread.affinity.parse().ok()),
            histograms: histograms.into(),
        }
    }

    /// Runs the checks.
    pub(crate) fn preflight(&self, aim: &Aim) -> Preflight {
        let checks = (self.parts.preflight)(aim);
        let green = checks.iter().all(|check| check.state != CheckState::Red);
        Preflight { green, checks }
    }

    /// Refuses while a check is red.
    pub(crate) fn checked_green(&self, aim: &Aim) -> Result<(), Refusal> {
        let mut checks = self.preflight(aim).checks;
        checks.retain(|check| check.state == CheckState::Red);
        if checks.is_empty() {
            return Ok(());
        }
        let refusal = Refusal::new(Code::PreflightRed, "a check that delivery needs is red");
        Err(refusal.fix("see to what each check says").checks(checks))
    }
}

fn distribution(name: &str, histogram: &Histogram, reset: bool) -> Distribution {
    let summary = if reset {
        histogram.take().summary()
    } else {
        histogram.snapshot()
    };
    Distribution {
        name: name.to_owned(),
        count: summary.count,
        min_ns: summary.min.0,
        p50_ns: summary.p50.0,
        p99_ns: summary.p99.0,
        p999_ns: summary.p999.0,
        max_ns: summary.max.0,
    }
}

const fn link_word(phase: &LinkPhase) -> &'static str {
    match phase {
        LinkPhase::Starting => "starting",
        LinkPhase::Live => "live",
        LinkPhase::GivenUp => "given-up",
        // A regimen without a child has no live order.
        LinkPhase::Idle | LinkPhase::Lost => "lost",
    }
}
