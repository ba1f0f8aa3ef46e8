//! `earmark data check`

use super::source;
use crate::args::DataCheck;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::data::check::{CheckOptions, check};
use earmark::data::{DataOptions, MissingFiles, load};
use earmark_core::human::human_amount;

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
    if args.json {
        print_json(&report)?;
    } else {
        print(report.to_text().trim_end())?;
    }
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
