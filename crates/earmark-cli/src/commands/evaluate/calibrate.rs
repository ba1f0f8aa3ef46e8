//! `earmark calibrate`

use crate::Status;
use crate::args::{Calibrate, CalibrateMethod, Global};
use crate::console::{Console, out, out_json};
use crate::output;
use anyhow::bail;
use earmark::metrics::{CalibrationLine, CalibrationMethod, CalibrationQuality, CalibrationRule, number};
use earmark::report::{Align, ReliabilityCurve, human_amount, reliability_chart, text_table};
use earmark::train::{CalibrateBy, CalibrateTo, CalibratedModels};
use serde_json::json;

/// Calibrates models.
pub fn run(args: Calibrate, global: &Global, console: &Console) -> anyhow::Result<Status> {
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
            bail!("-o -: a model is a file; name one")
        }
        (Some(path), false) => CalibrateTo::Path(path),
        _ => bail!("say where to write: -o FILE for new files, or --in-place"),
    };
    let job = earmark::train::CalibrateJob {
        models: args.models,
        by,
        to,
        method: match args.method {
            CalibrateMethod::Platt => CalibrationMethod::Platt,
            CalibrateMethod::Temperature => CalibrationMethod::Temperature,
        },
        min_examples: args.min_examples,
        device: global.device.clone(),
    };
    let stop = console.stop_flag()?;
    let done = match earmark::train::calibrate(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        done => done?,
    };
    let Some(done) = done else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    if let Some(path) = &args.diagram {
        let named = |name: &str, judged: &CalibrationQuality| ReliabilityCurve {
            name: name.into(),
            points: judged
                .reliability
                .bins
                .iter()
                .filter_map(|b| Some((b.score?, b.share?, b.count)))
                .collect(),
        };
        let chart = reliability_chart(&[named("before", &done.before), named("after", &done.after)]);
        output::write(path, |w| w.write_all(chart.file().as_bytes()))?;
    }
    if args.json {
        out_json(&json!({
            "clips": done.calibration.clips, "classes": done.classes, "calibration": done.calibration,
            "before": done.before, "after": done.after, "written": done.written, "skipped": done.skipped,
        }))?;
    } else {
        out(told(&done).trim_end())?;
    }
    for path in &done.written {
        console.note(format!("{}: calibrated", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len()))
}

/// What was fitted, and what it is worth.
fn told(done: &CalibratedModels) -> String {
    let what = match &done.calibration.rule {
        CalibrationRule::Softmax { slope } => format!("temperature {:.3}", 1.0 / slope),
        CalibrationRule::Classes { lines } => {
            let fitted = lines.iter().filter(|l| **l != CalibrationLine::IDENTITY).count();
            format!(
                "{fitted} of {} fitted",
                human_amount(lines.len(), "class", "classes")
            )
        }
    };
    let mut text = format!(
        "{}, {what}\n\n",
        human_amount(done.calibration.clips, "clip", "clips")
    );
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
    let columns = [Align::Left, Align::Right, Align::Right];
    text += &text_table(&["", "before", "after"], &rows, &columns);
    text += "\nAfter: each clip calibrated by what the clips of the other folds say alone. F1 before: thresholds of 0.5.\n";
    text
}
