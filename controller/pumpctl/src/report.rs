//! `pumpctl report`.

mod html;
mod json;
mod list;
mod markdown;
mod page;
mod plots;

use std::io::Write as _;

use pump_journal::{Head, Reader};

use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::history::{refused, unreadable};
use crate::output::{self, Output};
use crate::runs::Runs;
use crate::stretch::Stretch;
pub(crate) use json::of as document;
pub(crate) use page::Whole;

/// A journal of no more entries is read whole: that takes less than a second.
const READ_WHOLE: u64 = 50_000;

pub(crate) fn run(args: &ReportArgs) -> Result<(), Failure> {
    let mut reader = Reader::open(&args.state_dir).map_err(refused)?;
    if args.list {
        let mut runs = Runs::new(&mut reader)?;
        return output::print(&list::tell(&mut runs, args.json)?);
    }
    let mut html = args.html.as_deref().map(Output::create).transpose()?;
    let mut runs = Runs::new(&mut reader)?;
    let stretch = match args.day {
        Some(begin_ns) => Stretch::of_day(&mut runs, begin_ns)?,
        None => Stretch::of_run(runs.named(args.run)?),
    };
    let account = stretch.account(&mut runs, |_, _| Ok(()))?;
    let entries = runs.head().saturating_sub(runs.base());
    let whole = whole(
        &mut reader,
        args.verify || entries <= READ_WHOLE,
        account.chain(),
    )?;
    if let Some(mut file) = html.take() {
        let page = page::of(&stretch, &account, &whole);
        let text = html::write(&page, &plots::of(&account)?);
        file.write_all(text.as_bytes())
            .map_err(|error| Failure::input(format_args!("{}: {error}", file.shown())))?;
        file.finish()?;
        if !args.json {
            return Ok(());
        }
    }
    output::print(&match args.json {
        true => format!("{:#}\n", json::of(&stretch, &account, &whole)),
        false => markdown::write(&page::of(&stretch, &account, &whole)),
    })
}

/// What the journal is beside the entries of the report, whose end must be on its chain.
pub(crate) fn whole(
    reader: &mut Reader,
    read: bool,
    chain: Option<Head>,
) -> Result<Whole, Failure> {
    let verified = match read {
        true => Some(reader.verify(chain).map_err(unreadable)?),
        false => None,
    };
    let head = match &verified {
        Some(sound) => sound.head,
        None => reader.head().map_err(unreadable)?,
    };
    Ok(Whole {
        head: head.to_string(),
        verified,
    })
}
