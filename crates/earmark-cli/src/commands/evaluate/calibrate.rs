//! `earmark calibrate`

use crate::args::Calibrate;
use crate::console::Console;
use crate::output::{self, number_table, print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::metrics::{CalibrationLine, CalibrationQuality, CalibrationRule, number};
use earmark::report::{ReliabilityCurve, reliability_chart};
use earmark::train::{self, CalibrateBy, CalibrateTo, CalibratedModels};
use earmark_core::human::human_amount;
use serde_json::json;

/// Calibrates models.
pub fn run(args: Calibrate, console: &Console) -> anyhow::Result<Status> {
    let by = match (args.scores, args.truth) {
        (Some(scores), Some(truth)) => CalibrateBy::Tables { scores, truth },
        _ => CalibrateBy::Folds {
            run: args.from,
            data: args.data,
        },
    };
    let to = match (args.out, args.in_place) {
        (None, true) => CalibrateTo::InPlace,
        (Some(path), false) if output::is_stdout(&path) => {
            bail!("-o -: a model cannot be written to stdout; name a file")
        }
        (Some(path), false) => CalibrateTo::Path(path),
        _ => bail!("no output: give -o FILE for new files, or --in-place"),
    };
    let job = train::CalibrateJob {
        models: args.models,
        by,
        to,
        method: args.method,
        min_examples: args.min_examples,
        device: args.compute.device,
    };
    let stop = console.stop_flag()?;
    let done = train::calibrate(&job, &|e| console.show(e), &stop);
    let done = console.finished(done, "nothing was written")?;
    if let Some(path) = &args.diagram {
        let curves = [
            reliability("before", &done.before),
            reliability("after", &done.after),
        ];
        let chart = reliability_chart(&curves);
        output::write(path, |w| w.write_all(chart.file().as_bytes()))?;
    }
    if args.json {
        print_json(&json!({
            "clips": done.calibration.clips, "classes": done.classes, "calibration": done.calibration,
            "before": done.before, "after": done.after, "written": done.written, "skipped": done.skipped,
        }))?;
    } else {
        print(summary(&done))?;
    }
    for path in &done.written {
        console.note(format!("{}: calibrated", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len()))
}

/// A curve of the diagram.
fn reliability(name: &str, scores: &CalibrationQuality) -> ReliabilityCurve {
    let bins = scores.reliability.bins.iter();
    ReliabilityCurve {
        name: name.into(),
        points: bins
            .filter_map(|bin| Some((bin.score?, bin.share?, bin.count)))
            .collect(),
    }
}

/// What was fitted, and how well the scores fit before and after.
fn summary(done: &CalibratedModels) -> String {
    let fitted = match &done.calibration.rule {
        CalibrationRule::Softmax { slope } => format!("temperature {:.3}", 1.0 / slope),
        CalibrationRule::Classes { lines } => {
            let fitted = lines.iter().filter(|l| **l != CalibrationLine::IDENTITY).count();
            let all = human_amount(lines.len(), "class", "classes");
            format!("{fitted} of {all} fitted")
        }
    };
    let row = |name: &str, get: fn(&CalibrationQuality) -> Option<f64>| {
        vec![
            name.to_owned(),
            number(get(&done.before)),
            number(get(&done.after)),
        ]
    };
    let rows = [
        row("log loss", |c| c.log_loss),
        row("calibration error (ECE)", |c| c.ece),
        row("F1, all decisions", |c| c.f1_micro),
        row("F1, mean of classes", |c| c.f1_macro),
    ];
    format!(
        "{}, {fitted}\n\n{}\nAfter: each clip is calibrated on the clips of the other folds only. F1 before: with thresholds of 0.5.",
        human_amount(done.calibration.clips, "clip", "clips"),
        number_table(&["", "before", "after"], &rows)
    )
}
