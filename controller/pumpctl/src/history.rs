//! `pumpctl history`.

mod shown;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pump_journal::{OpenError, Query, Reader, Trouble};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::{HistoryArgs, Since};
use crate::failure::Failure;
use crate::output;
use shown::Shown;
pub(crate) use shown::{quoted, when};

/// So many entries are read at a time: the daemon is never kept from its file for long.
const PAGE: u32 = 1000;
/// How often is looked for new entries.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) fn run(args: &HistoryArgs) -> Result<(), Failure> {
    let mut reader = Reader::open(&args.state_dir).map_err(refused)?;
    if args.verify {
        return verify(&mut reader, args);
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    if args.follow {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted)).map_err(|error| {
                Failure::input(format_args!("signals can't be awaited: {error}"))
            })?;
        }
    }
    let mut shown = Shown::new(args);
    // What is written from here on is for --follow.
    let end = reader.head().map_err(unreadable)?.seq;
    let heard = output::offer(&shown.begin())? && tell(&mut reader, args, &mut shown)?;
    if args.follow && heard {
        follow(&mut reader, args, &mut shown, end, &interrupted)?;
    }
    output::print(&shown.end())
}

/// What is asked for.
fn query(args: &HistoryArgs) -> Query {
    let (latest_ns, since_utc_ns) = match args.since {
        Some(Since::Back(span)) => (Some(span.0), None),
        Some(Since::Utc(utc)) => (None, Some(utc)),
        None => (None, None),
    };
    Query {
        after: None,
        latest_ns,
        since_utc_ns,
        until_utc_ns: args.until,
        kinds: args.kind.clone(),
        first: None,
        last: args.last,
    }
}

/// Prints what is there. Whether there is still somebody who reads it.
fn tell(reader: &mut Reader, args: &HistoryArgs, shown: &mut Shown) -> Result<bool, Failure> {
    let mut query = query(args);
    if query.last.is_none() {
        query.first = Some(PAGE);
    }
    loop {
        let rows = reader.rows(&query).map_err(unreadable)?;
        let text: String = rows.iter().map(|row| shown.row(row)).collect();
        if !output::offer(&text)? {
            return Ok(false);
        }
        let Some(last) = rows.last().filter(|_| query.first.is_some()) else {
            return Ok(true);
        };
        query.after = Some(last.seq);
        // Where it begins is settled: the end that it is counted back from moves.
        query.latest_ns = None;
    }
}

/// Prints what is written after the entry `end`.
fn follow(
    reader: &mut Reader,
    args: &HistoryArgs,
    shown: &mut Shown,
    end: u64,
    interrupted: &AtomicBool,
) -> Result<(), Failure> {
    let mut query = Query {
        after: Some(end.max(shown.last())),
        kinds: args.kind.clone(),
        first: Some(PAGE),
        ..Query::default()
    };
    while !interrupted.load(Ordering::Relaxed) {
        let rows = reader.rows(&query).map_err(unreadable)?;
        match rows.last() {
            Some(last) => query.after = Some(last.seq),
            None => thread::sleep(LOOK_EVERY),
        }
        let text: String = rows.iter().map(|row| shown.row(row)).collect();
        if !text.is_empty() && !output::offer(&text)? {
            break;
        }
    }
    Ok(())
}

fn verify(reader: &mut Reader, args: &HistoryArgs) -> Result<(), Failure> {
    let sound = match reader.verify(args.head) {
        Ok(sound) => sound,
        Err(trouble) if args.json => {
            let document = json!({
                "sound": false,
                "kind": trouble.kind.name(),
                "detail": trouble.detail,
            });
            output::print(&format!("{document}\n"))?;
            return Err(unreadable(trouble));
        }
        Err(trouble) => return Err(unreadable(trouble)),
    };
    if args.json {
        let document = json!({
            "sound": true,
            "entries": sound.entries,
            "pruned": sound.pruned,
            "head": { "seq": sound.head.seq, "sha256": sound.head.hash.to_string() },
            "noted_head_found": args.head.map(|_| sound.met_known),
        });
        return output::print(&format!("{document}\n"));
    }
    let mut text = format!(
        "{} entries are as they were written; the head is {}\n",
        sound.entries, sound.head
    );
    if sound.pruned > 0 {
        text.push_str(&format!(
            "{} older ones were pruned for their age\n",
            sound.pruned
        ));
    }
    match args.head {
        Some(_) if sound.met_known => text.push_str("the head that was noted is among them\n"),
        Some(_) => text.push_str("the head that was noted was pruned since: it proves nothing\n"),
        None => {}
    }
    output::print(&text)
}

/// The journal can't be opened.
pub(crate) fn refused(error: OpenError) -> Failure {
    match error {
        OpenError::Missing(file) => Failure::input(format_args!(
            "there is no journal {}; name the daemon's state folder with --state-dir",
            file.display()
        )),
        other => Failure::input(other),
    }
}

/// The journal can't be read.
pub(crate) fn unreadable(trouble: Trouble) -> Failure {
    Failure::input(trouble)
}
