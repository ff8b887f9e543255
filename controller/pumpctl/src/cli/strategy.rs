//! The commands for those who write strategies.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pump_core::quantity::Nanoseconds;

use super::duration;

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  pumpctl strategy describe pca
  pumpctl strategy describe target/release/libdrip.so
  pumpctl strategy describe pca --schema > pca.schema.json    for an editor

Exit codes: 0 fine, 1 there is no such strategy or its plugin is refused, 2 the command line
is wrong.";

const NEW_EXAMPLES: &str = "\
Examples:
  pumpctl strategy new slow-drip
  pumpctl strategy new slow-drip --lang c --sdk ~/pumpd/strategies

It lies in ./NAME and needs nothing but the SDK: no registry and no network. It tells the
next step, and each step the one after it, up to an armed pump in `pumpd --sim`.

Exit codes: 0 it is made, 1 it can't be (the folder is there, the name is taken, there is no
SDK), 2 the command line is wrong.";

const CHECK_EXAMPLES: &str = "\
Examples:
  pumpctl strategy check target/release/libdrip.so
  pumpctl strategy check libdrip.so --fuzz 10min -j 2
  pumpctl strategy check libdrip.so --reproduce 112    what a search found, again
  pumpctl strategy check --list

Each check runs the plugin in children of their own, which a sandbox holds in and which may
crash, hang or reach out. --fuzz goes on, where all is good, with stories by chance: a
seed is a story, and the first one that breaks a rule is made as short as it gets.

Exit codes: 0 all is good, 1 anything is not, or could not be judged, 2 the command line is
wrong.";

#[derive(Debug, Args)]
pub(crate) struct StrategyArgs {
    #[command(subcommand)]
    pub(crate) command: StrategyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// List the strategies that are installed, with version, hash and file.
    List(ListArgs),
    /// Tell what a strategy does and which parameters it takes.
    #[command(after_long_help = DESCRIBE_EXAMPLES)]
    Describe(DescribeArgs),
    /// Make a folder with a strategy that builds, passes its tests and runs at once.
    #[command(after_long_help = NEW_EXAMPLES)]
    New(NewStrategyArgs),
    /// Say whether a plugin keeps the contract, check by check, and what to do.
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(CheckStrategyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The strategy's name, or its plugin's file: `pca`, `./libpca.so`.
    #[arg(value_name = "NAME|FILE")]
    pub(crate) strategy: String,
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a JSON schema of a regimen of this strategy.
    #[arg(long, conflicts_with = "json")]
    pub(crate) schema: bool,
}

/// What a strategy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A crate on the SDK.
    Rust,
    /// A file on strategy.h, with a Makefile.
    C,
}

#[derive(Debug, Args)]
pub(crate) struct NewStrategyArgs {
    /// The strategy's name, and its folder's: `slow-drip`.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,
    /// The SDK [default: that of the checkout in which this program lies, then
    /// /usr/share/pumpd/sdk].
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
    /// A further folder of strategy plugins, whose names are taken; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckStrategyArgs {
    /// The plugin's file.
    #[arg(value_name = "FILE", required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// Only this check; repeatable.
    #[arg(long, value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// Tell what each check looks at, and make none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Where all is good, search for so long with stories by chance: 30s, 10min.
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "only")]
    pub(crate) fuzz: Option<Nanoseconds>,
    /// Search in so many threads.
    #[arg(short, long, value_name = "N", default_value_t = 1, requires = "fuzz",
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,
    /// The seed of the first story of a search.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "fuzz")]
    pub(crate) seed: u64,
    /// Play the story of this seed again, and nothing else.
    #[arg(long, value_name = "SEED", conflicts_with_all = ["fuzz", "only"])]
    pub(crate) reproduce: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}
