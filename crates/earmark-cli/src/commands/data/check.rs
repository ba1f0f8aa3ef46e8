//! `earmark data check`

use super::source;
use crate::prelude::*;
use earmark::data::check::{CheckOptions, check};
use earmark::data::{DataOptions, MissingFiles, load};

/// Decode every file; find unknown labels, duplicates, leaks between subsets and folds, imbalance
#[derive(Args)]
#[command(after_help = "Example: earmark data check my-sounds --json")]
pub struct DataCheck {
    #[command(flatten)]
    pub source: DataSource,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// Checks a data folder; errors fail the command.
pub fn run(args: &DataCheck, console: &Console) -> anyhow::Result<Status> {
    // Here a missing file is a finding, not a refusal.
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..source::options(&args.source)?
    };
    let set = load(&args.source.dir, &options)?;
    let report = check(&set, &CheckOptions::default(), &|done, total| {
        console.features(done, total);
    });
    print_as(args.json, || &report, || report.to_text())?;
    match report.errors() {
        0 => Ok(Status::Done),
        n => bail!(
            "{}: {}; fix {} before training",
            args.source.dir.display(),
            human_amount(n, "error", "errors"),
            if n == 1 { "it" } else { "them" }
        ),
    }
}
