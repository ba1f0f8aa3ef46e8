//! `earmark score`

use crate::args::Score;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use earmark::metrics::{Bootstrap, Report, ReportOptions, ScoreTable, TruthTable};

/// Evaluates a score table against the true labels.
pub fn run(args: &Score, console: &Console) -> anyhow::Result<Status> {
    let truth = TruthTable::read(&args.truth)?;
    let scores = ScoreTable::read(&args.scores)?;
    let bootstrap = (args.bootstrap > 0).then(|| Bootstrap {
        resamples: args.bootstrap,
        ..Bootstrap::default()
    });
    let options = ReportOptions {
        map_at: args.map_at,
        threshold: args.threshold,
        bootstrap,
        ..ReportOptions::default()
    };
    let report = Report::compute(&scores, &truth, &options)?;
    if report.extra > 0 {
        console.note(format!(
            "{} scored files have no true labels and are left out",
            report.extra
        ));
    }
    match args.json {
        true => print_json(&report)?,
        false => print(report.table())?,
    }
    Ok(Status::Done)
}
