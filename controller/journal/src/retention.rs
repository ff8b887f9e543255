//! How much is kept.

use crate::chain::Head;
use crate::record::{Entry, PRUNED, pruned};
use crate::stamp::Stamp;
use crate::tables::Tables;
use crate::trouble::Trouble;

/// How much is kept. Ages are by the journal's running time, so no clock that jumps can make
/// an entry old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// No entry younger than this is pruned (P04) as long as `most_bytes` is kept.
    pub keep_ns: u64,
    /// As long as the journal takes no more than this, nothing is pruned at all.
    pub room_bytes: u64,
    /// Beyond this the oldest entries are pruned, however young they are.
    pub most_bytes: u64,
}

impl Retention {
    /// For a board with 4 GB: 30 days, and older ones while they fit in 512 MiB; never more
    /// than 1 GiB, beside up to 8 MiB of what was committed last.
    pub const STANDARD: Self = Self {
        keep_ns: 30 * 24 * 3600 * 1_000_000_000,
        room_bytes: 512 << 20,
        most_bytes: 1 << 30,
    };
}

/// What tidying has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// How many entries were pruned.
    pub pruned: u64,
    /// There is more to prune.
    pub more: bool,
    /// Entries younger than [`Retention::keep_ns`] had to go.
    pub short: bool,
}

/// How many entries are pruned at a time, so that it never takes long.
const AT_A_TIME: u64 = 2048;

/// What is to go.
struct Cut {
    /// The last entry that goes.
    through: u64,
    more: bool,
    short: bool,
}

/// Prunes the oldest entries, if there is too much, and has it written down by `append`.
pub(crate) fn prune(
    tables: Tables<'_>,
    retention: &Retention,
    end: Head,
    now: &Stamp,
    append: impl FnOnce(&Entry) -> Result<Head, Trouble>,
) -> Result<Tidied, Trouble> {
    let anchor = tables.anchor()?;
    let Some(cut) = cut(tables, retention, anchor, end)? else {
        return Ok(Tidied::default());
    };
    let Some(last) = tables.row(cut.through)? else {
        return Err(tables.damaged(format!("entry {} is missing", cut.through)));
    };
    let anchor_now = Head {
        seq: last.seq,
        hash: last.hash,
    };
    for (what, up_to) in [
        ("entry WHERE seq <= ?", cut.through),
        // The boot in which the first kept entry is stays.
        (
            "boot WHERE first < (SELECT max(first) FROM boot WHERE first <= ?)",
            cut.through.saturating_add(1),
        ),
    ] {
        let deleted = tables
            .connection
            .execute(&format!("DELETE FROM {what}"), [tables.signed(up_to)?]);
        deleted.map_err(|error| tables.trouble(&error))?;
    }
    tables.put_anchor(anchor_now)?;
    append(&Entry {
        kind: PRUNED.to_owned(),
        stamp: *now,
        body: pruned(anchor_now),
    })?;
    Ok(Tidied {
        pruned: cut.through.saturating_sub(anchor.seq),
        more: cut.more,
        short: cut.short,
    })
}

fn cut(
    tables: Tables<'_>,
    retention: &Retention,
    anchor: Head,
    end: Head,
) -> Result<Option<Cut>, Trouble> {
    let used = used_bytes(tables)?;
    if used <= retention.room_bytes {
        return Ok(None);
    }
    // What the durable state hangs on is kept, and something to hang the rest on.
    let durable = tables.durable()?.map_or(end.seq, |(seq, _)| seq);
    let spared = durable.min(end.seq).saturating_sub(1);
    let run_ns = tables.running(end.seq)?.run_ns;
    let from = run_ns.saturating_sub(retention.keep_ns);
    let old = tables.before(from, anchor.seq, end.seq)?;
    let short = used > retention.most_bytes && old <= anchor.seq;
    let may_go = if short { spared } else { old.min(spared) };
    let through = may_go.min(anchor.seq.saturating_add(AT_A_TIME));
    Ok((through > anchor.seq).then_some(Cut {
        through,
        more: may_go > through,
        short,
    }))
}

/// What the tables take in the file, without what was freed in it.
pub(crate) fn used_bytes(tables: Tables<'_>) -> Result<u64, Trouble> {
    let pragma = |name: &str| {
        let value = tables
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        value
            .map(i64::unsigned_abs)
            .map_err(|error| tables.trouble(&error))
    };
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(pages.saturating_mul(pragma("page_size")?))
}
