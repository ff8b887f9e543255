//! `pumpctl report`.

mod list;

use pump_journal::Reader;

use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::history::refused;
use crate::output;
use crate::runs::Runs;

pub(crate) fn run(args: &ReportArgs) -> Result<(), Failure> {
    let mut reader = Reader::open(&args.state_dir).map_err(refused)?;
    let mut runs = Runs::new(&mut reader)?;
    if !args.list {
        let run = runs.named(args.run)?;
        return output::print(&format!("{:#}\n", list::document(&run)));
    }
    output::print(&list::tell(&mut runs, args.json)?)
}
