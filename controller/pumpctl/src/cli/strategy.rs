//! The commands for those who write strategies.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  pumpctl strategy describe pca
  pumpctl strategy describe target/release/libdrip.so
  pumpctl strategy describe pca --schema > pca.schema.json    for an editor

Exit codes: 0 fine, 1 there is no such strategy or its plugin is refused, 2 the command line
is wrong.";

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
