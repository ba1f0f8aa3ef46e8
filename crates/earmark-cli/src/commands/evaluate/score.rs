//! `earmark score`

use crate::Status;
use crate::args::{Global, Score};
use crate::console::{Console, out, out_json};
use earmark::metrics::{Bootstrap, Report, ReportOptions, ScoreTable, TruthTable};

/// Judges a score table against the truth.
pub fn run(args: Score, _: &Global, console: &Console) -> anyhow::Result<Status> {
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
            "{} scored files have no truth and are left out",
            report.extra
        ));
    }
    if args.json {
        out_json(&report)?
    } else {
        out(report.table())?
    }
    Ok(Status::Done)
}
