//! Troubles of the disk while the pump infuses: each has its name and its fix in the status, is
//! an alarm, lets flow what was made durable and not more, and goes with its cause.
//!
//! They are the kernel's own where that can be had (a full file system, one that an error has
//! made read-only, files that were deleted); elsewhere strace answers the calls of the thread
//! `disk`, and of no other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pump_control::{Request, Status};
use pump_journal::{Entry, Query, Reader, Stamp, Store};

use crate::rig::{Daemon, await_it, delivered, has_alarm, held, undisturbed};

const PCA: &str = r#"
[[regimen]]
name = "patient"
strategy = "pca"
dose = "10 uL"
over = "1 s"
lockout = "1 min"
lockout_edge = "start-to-start"
other_boluses_restart_lockout = true
other_boluses_count = true
max_per_1h = 10
max_per_24h = 50
"#;

fn trouble(status: &Status) -> &str {
    let journal = status.journal.as_ref();
    journal
        .and_then(|journal| journal.trouble.as_deref())
        .unwrap_or_default()
}

/// What an operator does is written down within a second: whether that can be is known then.
fn write_something(daemon: &Daemon) {
    let silence = Request::Silence { seconds: 0 };
    daemon.ask(&silence).expect("it is written down");
}

/// The trouble is told, with what to do; it is an alarm; and what was durable flows on.
fn is_told(daemon: &Daemon, text: &str, fix: &str) {
    // A disk that is full may still have some room in the file itself: until that is used up.
    let status = daemon.until(text, |status| {
        if trouble(status).is_empty() {
            write_something(daemon);
        }
        trouble(status).contains(text) && has_alarm(status, "journal-stalled")
    });
    let journal = status.journal.clone().expect("a journal");
    let told = journal.fix.unwrap_or_default();
    assert!(told.contains(fix), "{told}");
    assert_eq!(status.state, "infusing", "its credit is not spent");
    let then = delivered(&status);
    daemon.until("the credit flows", |status| delivered(status) > then);
}

/// The cause is gone, and nobody has to do more about it.
fn goes_by_itself(daemon: &Daemon) {
    let well = |status: &Status| trouble(status).is_empty() && status.alarms.is_empty();
    let status = daemon.until("it goes by itself", well);
    let commits = |status: &Status| status.journal.as_ref().map_or(0, |it| it.commits);
    write_something(daemon);
    let after = daemon.until("it is written again", |now| commits(now) > commits(&status));
    assert_eq!(after.state, "infusing");
    // Nobody's entry was lost: the chain is whole from the first to the last.
    let mut reader = Reader::open(&daemon.folder.path().join("state")).expect("a journal");
    reader.verify(None).expect("sound");
}

/// strace at the thread `disk`. What it does ends with this.
struct Tracer(Child);

impl Tracer {
    /// `None` where there is no strace, or it may not trace.
    fn attach(daemon: &Daemon, how: &str) -> Option<Self> {
        let mut tried = Command::new("strace");
        tried
            .args(["-o", "/dev/null", "true"])
            .stderr(Stdio::null());
        if !tried.status().is_ok_and(|status| status.success()) {
            assert!(
                std::env::var_os("PUMP_REQUIRE_STRACE").is_none(),
                "strace is missing: apt-get install strace"
            );
            eprintln!("skipped: strace is missing (apt-get install strace)");
            return None;
        }
        let threads = daemon.status().threads.unwrap_or_default().list;
        let disk = threads.iter().find(|thread| thread.name == "disk");
        let tid = disk.expect("it is in the table").tid;
        let mut strace = Command::new("strace");
        strace.args(["-o", "/dev/null", "-p", &tid.to_string(), "-e", how]);
        let child = strace.stderr(Stdio::null()).spawn().expect("strace starts");
        let traced = || {
            let status = fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
            status
                .contains(&format!("TracerPid:\t{}", child.id()))
                .then_some(())
        };
        await_it("the thread is traced", traced);
        Some(Self(child))
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_disk_that_answers_with_errors_is_told_and_gone_on_with_when_it_answers() {
    undisturbed(|| {
        let daemon = Daemon::start(&[]);
        daemon.infuse(&held(""));
        let how = "inject=pwrite64,fsync,fdatasync:error=EIO";
        let Some(tracer) = Tracer::attach(&daemon, how) else {
            return;
        };
        is_told(&daemon, "the disk answers with an error", "dmesg");
        drop(tracer);
        goes_by_itself(&daemon);
    });
}

/// A sync that takes over two seconds refuses the bolus that waits for it; the basal has its
/// credit.
#[test]
fn a_slow_disk_refuses_a_bolus_and_is_an_alarm_until_it_is_faster() {
    undisturbed(|| {
        let daemon = Daemon::start(&[]);
        daemon.infuse(&held(PCA));
        let how = "inject=fsync,fdatasync:delay_enter=5000000";
        let Some(tracer) = Tracer::attach(&daemon, how) else {
            return;
        };
        daemon.ask(&Request::Press).expect("it is pressed");
        let status = daemon.until("it is answered", |status| {
            !status.demands.refused.is_empty() || status.demands.given > 0
        });
        assert_eq!(status.demands.refused.get("credit-late"), Some(&1));
        assert_eq!(status.demands.given, 0);
        daemon.until("it is an alarm", |status| {
            has_alarm(status, "journal-stalled")
        });
        let slowest = |status: &Status| status.journal.as_ref().map(|it| it.slowest_sync_ns);
        daemon.until("the sync is over", |status| {
            slowest(status) >= Some(5_000_000_000)
        });
        drop(tracer);
        goes_by_itself(&daemon);
    });
}

/// A file system that is mounted for a test. It is gone with this.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn runs(program: &str, args: &[&str], place: &Path) -> bool {
    let mut command = Command::new(program);
    let ended = command.args(args).arg(place).stderr(Stdio::null()).output();
    ended.is_ok_and(|output| output.status.success())
}

/// Mounts something where the state folder will be. `None` where we may not.
fn mount(args: &[&str], folder: &Path) -> Option<Mounted> {
    let state = folder.join("state");
    fs::create_dir_all(&state).expect("a folder");
    if runs("mount", args, &state) {
        return Some(Mounted(state));
    }
    eprintln!("skipped: `mount {}` is not to be had here", args.join(" "));
    None
}

#[test]
fn a_full_disk_is_told_and_gone_on_with_when_there_is_room() {
    undisturbed(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let size = ["-t", "tmpfs", "-o", "size=80m", "pumpd-test"];
        let Some(disk) = mount(&size, folder.path()) else {
            assert!(std::env::var_os("PUMP_REQUIRE_FIFO").is_none(), "as root");
            return;
        };
        let command = Daemon::command(folder.path());
        let daemon = Daemon::begin(folder, command);
        daemon.infuse(&held(""));
        let filler = disk.0.join("filler");
        let full = fs::write(&filler, vec![1; 90 << 20]).expect_err("no room");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        is_told(&daemon, "there is no room on the disk", "free some space");
        fs::remove_file(&filler).expect("removed");
        goes_by_itself(&daemon);
    });
}

/// The kernel mounts a file system read-only whose errors it can't mend. It stays so until it is
/// unmounted, which its files keep it from: this is the one that only another daemon mends.
#[test]
fn a_disk_that_an_error_has_made_read_only_is_told_and_another_daemon_goes_on_when_it_is_mended() {
    undisturbed(|| {
        let image = tempfile::NamedTempFile::new().expect("a file");
        let sized = image.as_file().set_len(160 << 20);
        sized.expect("it is as long as a disk");
        let folder = tempfile::tempdir().expect("a folder");
        let journal = ["-q", "-F", "-O", "^has_journal"];
        let image_path = image.path().to_str().expect("a plain path");
        let looped = ["-o", "loop,errors=remount-ro", image_path];
        if !runs("mkfs.ext4", &journal, image.path()) {
            eprintln!("skipped: mkfs.ext4 is missing");
            return;
        }
        let Some(disk) = mount(&looped, folder.path()) else {
            return;
        };
        let command = Daemon::command(folder.path());
        let mut daemon = Daemon::begin(folder, command);
        daemon.infuse(&held(""));
        let mut findmnt = Command::new("findmnt");
        findmnt.args(["-no", "SOURCE"]).arg(&disk.0);
        let device = findmnt.output().expect("findmnt").stdout;
        let device = String::from_utf8_lossy(&device);
        let device = device.trim().trim_start_matches("/dev/");
        let error = format!("/sys/fs/ext4/{device}/trigger_fs_error");
        fs::write(error, "1").expect("the kernel finds an error");
        is_told(&daemon, "can only be read", "mount it for writing");
        daemon.kill();
        let edges = daemon.witnessed();
        drop(disk);
        // 1: it has mended something.
        let mended = Command::new("e2fsck")
            .args(["-p", "-f"])
            .arg(image.path())
            .output()
            .expect("e2fsck");
        assert!(matches!(mended.status.code(), Some(0 | 1)), "{mended:?}");
        let disk = mount(&looped, daemon.folder.path()).expect("it is mounted again");
        daemon.restart(&[]);
        let status = daemon.until("it says so", |status| has_alarm(status, "restarted"));
        assert_eq!(status.state, "disarmed");
        assert!(has_alarm(&status, "uncertain-volume"));
        daemon.infuse(&held(""));
        let known = daemon.until("its windows are told", |it| !it.windows.is_empty());
        let hour = known.windows[0].given_nl;
        assert!(hour >= edges * 50, "{hour} nl of {edges} steps");
        drop(daemon);
        drop(disk);
    });
}

#[test]
fn deleted_files_are_told_and_written_again() {
    undisturbed(|| {
        let daemon = Daemon::start(&[]);
        daemon.infuse(&held(""));
        let state = daemon.folder.path().join("state");
        let journal = state.join("journal.db");
        fs::remove_file(&journal).expect("removed");
        fs::remove_file(state.join("journal.db-wal")).expect("removed");
        write_something(&daemon);
        await_it("it is there again", || journal.exists().then_some(()));
        let log = daemon.log();
        assert!(log.contains("the file is gone"), "{log}");
        assert!(log.contains("the journal goes on by itself"), "{log}");
        goes_by_itself(&daemon);
    });
}

#[test]
fn a_deleted_folder_is_told_and_gone_on_with_when_it_is_made_again() {
    undisturbed(|| {
        let daemon = Daemon::start(&[]);
        daemon.infuse(&held(""));
        let state = daemon.folder.path().join("state");
        fs::remove_dir_all(&state).expect("removed");
        is_told(&daemon, "the file is gone", "make the folder again");
        fs::create_dir(&state).expect("made");
        goes_by_itself(&daemon);
    });
}

/// I13: a clock that was set back is no trouble: no window, no lockout and no entry goes by it.
#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    undisturbed(|| {
        let mut daemon = Daemon::start(&[]);
        daemon.infuse(&held(PCA));
        daemon.ask(&Request::Press).expect("it is pressed");
        daemon.until("it is given", |status| status.demands.given == 1);
        daemon.kill();
        let edges = daemon.witnessed();
        // The last daemon's clock was some hundred years ahead of this one's.
        let state = daemon.folder.path().join("state");
        let (mut store, recovered) = Store::open(&state).expect("a journal");
        let last = recovered.last.expect("an entry");
        let ahead = Entry {
            kind: "operator".to_owned(),
            stamp: Stamp {
                utc_ns: Some(5_000_000_000_000_000_000),
                ..last
            },
            body: serde_json::json!({ "did": "ack" }),
        };
        let batch = pump_journal::Batch {
            entries: vec![ahead],
            durable: None,
        };
        store.commit(&batch).expect("durable");
        store.close().expect("closed");
        daemon.restart(&[]);
        daemon.infuse(&held(PCA));
        let known = daemon.until("its windows are told", |it| !it.windows.is_empty());
        assert!(known.windows[0].given_nl >= edges * 50);
        daemon.ask(&Request::Press).expect("it is pressed");
        let status = daemon.until("it is answered", |status| {
            !status.demands.refused.is_empty() || status.demands.given > 0
        });
        assert_eq!(status.demands.refused.get("lockout"), Some(&1));
        goes_by_itself(&daemon);
    });
}

/// P05: what is known of a bolus and its first credit are one transaction: no disk has the one
/// without the other.
#[test]
fn a_bolus_and_its_first_credit_share_one_sync() {
    undisturbed(|| {
        let daemon = Daemon::start(&[]);
        let alone = held("").replace("rate = \"60 mL/h\"", "rate = \"1 mL/day\"") + PCA;
        daemon.arm(&alone).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        daemon.ask(&Request::Press).expect("it is pressed");
        let state = daemon.folder.path().join("state");
        let rows = || {
            let rows = Reader::open(&state).and_then(|mut it| Ok(it.rows(&Query::default())?));
            rows.expect("a journal")
        };
        daemon.until("it is given, and that is durable", |_| {
            rows().iter().any(|row| row.kind == "bolus-started")
        });
        let rows = rows();
        let asked = rows.iter().position(|row| row.kind == "demand-asked");
        let asked = asked.expect("the press is durable");
        let credit = |row: &pump_journal::Row| {
            let body: serde_json::Value = serde_json::from_str(&row.body).expect("JSON");
            body["credit_steps"].as_u64().expect("a credit")
        };
        let started = rows.iter().position(|row| row.kind == "bolus-started");
        let started = started.expect("the bolus is in the journal");
        // Each transaction ends with its credit. On a busy machine the press and the basal's own
        // credit may be made durable before the strategy has answered; the bolus's comes in one.
        let durable = |row: &&pump_journal::Row| row.kind == "durable";
        let before = rows[..asked].iter().rfind(durable).map_or(0, credit);
        let until = rows[asked..started].iter().filter(durable).map(credit);
        let credits: Vec<u64> = std::iter::once(before).chain(until).collect();
        let at_once = credits.windows(2).any(|pair| pair[1] >= pair[0] + 200);
        assert!(at_once, "the credit until the bolus starts: {credits:?}");
    });
}
