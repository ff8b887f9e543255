//! A journal as pumpd writes it, for tests: here, and in those of the program.

use pump_journal::{Batch, Boot, Durable, Entry, Stamp, Store};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// 2025-11-25 00:00:00 UTC.
pub(crate) const DAY: u64 = 1_764_028_800_000_000_000;
pub(crate) const S: u64 = 1_000_000_000;

/// What the daemon knows of what is armed, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) delivered: u64,
    pub(crate) missed: u64,
    pub(crate) uncertain: u64,
    pub(crate) displaced: u64,
}

/// A bolus that has not ended: its number, its kind, and what of it was delivered.
type Open = (u64, &'static str, u64);

/// A journal in the making, and the daemon that writes it.
pub(crate) struct Written {
    pub(crate) folder: TempDir,
    store: Store,
    entries: Vec<Entry>,
    boot: u8,
    mono_ns: u64,
    /// `None`: the clock is not known good.
    pub(crate) utc_ns: Option<u64>,
    pub(crate) arming: u64,
    pub(crate) armed: bool,
    state: &'static str,
    pub(crate) steps: Steps,
    pub(crate) reservoir: u64,
    open: Vec<Open>,
    boluses: u64,
    presses: u64,
    alarms: Vec<&'static str>,
}

impl Written {
    /// A new journal, whose daemon begins at this instant.
    pub(crate) fn new(utc_ns: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, _) = Store::open(folder.path()).expect("a journal");
        let mut written = Self {
            folder,
            store,
            entries: Vec::new(),
            boot: 1,
            mono_ns: 0,
            utc_ns: Some(utc_ns),
            arming: 0,
            armed: false,
            state: "disarmed",
            steps: Steps::default(),
            reservoir: 400_000,
            open: Vec::new(),
            boluses: 0,
            presses: 0,
            alarms: Vec::new(),
        };
        written.begin(0, 0);
        written
    }

    fn begin(&mut self, issued: u64, uncertain: u64) {
        let body = json!({
            "version": "0.1.0",
            "simulated": false,
            "arming": self.arming,
            "in_good_order": true,
            "issued_steps": issued,
            "uncertain_steps": uncertain,
        });
        self.note("daemon-started", body);
        self.commit();
    }

    /// Time goes by.
    pub(crate) fn pass(&mut self, ns: u64) {
        self.mono_ns += ns;
        self.utc_ns = self.utc_ns.map(|utc| utc + ns);
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            boot: Boot([self.boot; 16]),
            mono_ns: self.mono_ns,
            utc_ns: self.utc_ns,
        }
    }

    /// An entry of this kind.
    pub(crate) fn note(&mut self, kind: &str, body: Value) {
        let stamp = self.stamp();
        self.entries.push(Entry {
            kind: kind.to_owned(),
            stamp,
            body,
        });
    }

    /// An event of the control law.
    pub(crate) fn event(&mut self, kind: &str, text: &str, figures: Value) {
        let body = json!({
            "seq": 1,
            "at_ns": self.mono_ns,
            "pump_ns": self.mono_ns,
            "kind": kind,
            "text": text,
        });
        let Value::Object(mut body) = body else {
            return;
        };
        body.extend(match figures {
            Value::Object(figures) => figures,
            _ => Map::new(),
        });
        self.note(kind, Value::Object(body));
    }

    /// All that waits becomes durable.
    pub(crate) fn commit(&mut self) {
        let batch = Batch {
            entries: std::mem::take(&mut self.entries),
            durable: Some(Durable {
                arming: self.arming,
                credit: self.steps.delivered + 10,
                checkpoint: vec![1; 64],
                stamp: self.stamp(),
            }),
        };
        self.store.commit(&batch).expect("it is durable");
    }

    /// How things are.
    pub(crate) fn status(&mut self) {
        let Steps {
            delivered,
            missed,
            uncertain,
            displaced,
        } = self.steps;
        let ledger = self.armed.then(|| {
            json!({
                "commanded_steps": delivered + missed,
                "delivered_steps": delivered,
                "missed_steps": missed,
                "uncertain_steps": uncertain,
                "displaced_steps": displaced,
                "reservoir_steps": self.reservoir,
                "nl_per_step": "25/2",
            })
        });
        let given = delivered + uncertain + displaced;
        let windows = self.armed.then(|| {
            [Some(8_000_u64), None, Some(80_000)]
                .map(|cap| json!({ "given_steps": given, "cap_steps": cap }))
        });
        let open = self.open.iter().map(|(bolus, kind, delivered)| {
            json!({ "bolus": bolus, "bolus_kind": kind, "delivered_steps": delivered })
        });
        let body = json!({
            "arming": self.arming,
            "pump_ns": self.mono_ns,
            "state": self.state,
            "alarms": self.alarms,
            "ledger": ledger,
            "windows_1_4_24h": windows,
            "open_boluses": open.collect::<Vec<_>>(),
        });
        self.note("status", body);
    }

    fn go(&mut self, to: &'static str) {
        let from = std::mem::replace(&mut self.state, to);
        self.event("state", to, json!({ "from": from, "to": to }));
        self.status();
    }

    /// Arms something of this name.
    pub(crate) fn arm(&mut self, id: &str) {
        self.cut_all();
        let body = json!({ "did": "arm", "who": "ada", "sha256": "ab".repeat(32) });
        self.note("operator", body);
        self.status();
        self.arming += 1;
        self.armed = true;
        self.steps = Steps::default();
        let papers = json!({
            "arming": self.arming,
            "id": id,
            "route": "intrathecal",
            "sha256": "ab".repeat(32),
            "prescription": format!("id = \"{id}\"\n"),
            "confirmed_by": "ada",
            "proposed_by": "bob",
            "reason": "dye study, protocol 7",
            "beyond_soft_limits": [],
            "simulated": false,
            "pumpd": "0.1.0",
            "nl_per_step": "25/2",
            "regimens": [{
                "name": "background",
                "strategy": "continuous",
                "version": "0.1.0",
                "plugin_sha256": "cd".repeat(32),
            }],
            "drugs": [{ "name": "morphine", "ng_per_nl": "2/1", "unit": "mg" }],
            "caps_steps": { "h1": 8_000, "h4": null, "h24": 80_000 },
            "vtbi_steps": null,
            "reservoir_steps": 400_000,
            "device_sha256": "de".repeat(32),
            "drug_library_sha256": "dd".repeat(32),
            "drug_library_version": "2026-11",
        });
        self.note("armed", papers);
        self.go("armed");
        self.commit();
    }

    /// Forgets what is armed.
    pub(crate) fn disarm(&mut self) {
        self.cut_all();
        self.status();
        self.arming += 1;
        self.armed = false;
        self.note("disarmed", json!({ "arming": self.arming }));
        self.go("disarmed");
        self.commit();
    }

    /// An operator does this, and the pump goes there.
    pub(crate) fn command(&mut self, word: &str, to: &'static str) {
        self.note("operator", json!({ "did": word, "who": "ada" }));
        self.go(to);
    }

    /// So much of the basal is given, and it is said so.
    pub(crate) fn give(&mut self, steps: u64) {
        self.steps.delivered += steps;
        self.reservoir = self.reservoir.saturating_sub(steps);
        self.status();
        self.commit();
    }

    /// A bolus begins. Its number.
    pub(crate) fn start_bolus(&mut self, kind: &'static str, steps: u64) -> u64 {
        self.boluses += 1;
        let bolus = self.boluses;
        let figures = json!({
            "bolus": bolus,
            "bolus_kind": kind,
            "steps": steps,
            "over_ns": 120 * S,
            "regimen": "background",
        });
        self.event("bolus-started", "a bolus starts", figures);
        self.open.push((bolus, kind, 0));
        self.status();
        bolus
    }

    /// So much of the open boluses is given, and of nothing else.
    pub(crate) fn flow(&mut self, steps: u64) {
        if let Some(open) = self.open.last_mut() {
            open.2 += steps;
            self.give(steps);
        }
    }

    /// A bolus ends, cut for this reason or complete.
    pub(crate) fn end_bolus(&mut self, cut: Option<&str>) {
        if let Some((bolus, _, delivered)) = self.open.pop() {
            let figures = json!({ "bolus": bolus, "delivered_steps": delivered, "reason": cut });
            self.event("bolus-ended", "a bolus ends", figures);
            self.status();
        }
    }

    fn cut_all(&mut self) {
        while !self.open.is_empty() {
            self.end_bolus(Some("stopped"));
        }
    }

    /// A press is refused for this reason.
    pub(crate) fn refuse(&mut self, reason: &str) {
        self.presses += 1;
        let demand = self.presses;
        self.event("demand-asked", "a press", json!({ "demand": demand }));
        let figures = json!({
            "demand": demand,
            "steps": 80,
            "reason": reason,
            "regimen": "background",
        });
        self.event("demand-refused", "a press is refused", figures);
    }

    /// An alarm begins or ends.
    pub(crate) fn alarm(&mut self, name: &'static str, priority: &str, raised: bool) {
        let figures = json!({ "alarm": name, "priority": priority });
        if raised {
            self.alarms.push(name);
            self.event("alarm-raised", name, figures);
        } else {
            self.alarms.retain(|active| *active != name);
            self.event("alarm-cleared", name, figures);
        }
    }

    /// The power is lost after so many steps that nobody wrote down but with the durable
    /// state, and so many that nobody knows of.
    pub(crate) fn lose_power(&mut self, durable: u64, unknown: u64) {
        self.commit();
        let known = self.steps.delivered + self.steps.uncertain;
        let issued = if self.armed { known + durable } else { 0 };
        let unknown = if self.armed { unknown } else { 0 };
        if self.armed {
            self.steps.delivered += durable;
            self.steps.uncertain += unknown;
            self.reservoir = self.reservoir.saturating_sub(durable + unknown);
        }
        self.come_back(issued, unknown);
    }

    /// The daemon ends in good order, and begins again.
    pub(crate) fn restart(&mut self) {
        self.cut_all();
        self.status();
        self.note("daemon-ended", json!({}));
        self.commit();
        let issued = self.steps.delivered + self.steps.uncertain;
        self.come_back(issued, 0);
    }

    fn come_back(&mut self, issued: u64, uncertain: u64) {
        self.boot = self.boot.wrapping_add(1).max(1);
        self.arming += 1;
        self.armed = false;
        self.open.clear();
        self.alarms.clear();
        self.state = "disarmed";
        self.begin(issued, uncertain);
    }

    /// The writer goes away.
    pub(crate) fn close(mut self) -> TempDir {
        self.commit();
        self.store.close().expect("it is closed");
        self.folder
    }
}
