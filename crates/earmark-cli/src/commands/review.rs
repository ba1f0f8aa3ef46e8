//! `earmark review`

use crate::Status;
use crate::args::{Action, Global, Review, ReviewBy, Worst};
use crate::console::{Console, done, out, out_json};
use crate::output;
use anyhow::bail;
use earmark::metrics::{ScoreTable, TruthTable};
use earmark::pipeline;
use earmark::report::{Align, human_amount, text_table};
use earmark::review::{Measure, Reviewed, of_folds, of_tables};
use serde_json::{Map, Value};
use std::path::Path;

/// Looks at labels.
pub fn run(what: Review, global: &Global, console: &Console) -> anyhow::Result<Status> {
    match what {
        Review::Worst(args) => worst(args, global, console),
    }
}

/// Clips whose labels disagree most with scores of models that did not learn from them.
fn worst(args: Worst, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let by = match args.by {
        ReviewBy::Lwlrap => Measure::Lwlrap,
        ReviewBy::SelfConfidence => Measure::SelfConfidence,
        ReviewBy::Margin => Measure::Margin,
    };
    let mut skipped = 0;
    let mut clips = match (&args.run, &args.scores, &args.truth) {
        (Some(run), None, None) => {
            let stop = console.stop_flag()?;
            let show = |e: pipeline::Event| console.show(e);
            let found = match pipeline::out_of_fold(run, args.data.as_deref(), &global.device, &show, &stop) {
                Err(e) if e.is_interrupt() => None,
                found => found?,
            };
            let Some(found) = found else {
                console.note("interrupted; nothing was written");
                return Ok(Status::Interrupted);
            };
            skipped = found.skipped.len();
            of_folds(&found, by)?
        }
        (None, Some(scores), Some(truth)) => {
            of_tables(&ScoreTable::read(scores)?, &TruthTable::read(truth)?, by)?
        }
        _ => bail!("nothing to review: give a run of several folds, or --scores and --truth"),
    };
    if let Some(part) = &args.part {
        if clips.iter().all(|c| c.part.as_ref() != Some(part)) {
            bail!("--part {part}: no clip that was scored is of this part");
        }
        clips.retain(|c| c.part.as_ref() == Some(part));
    }
    let all = clips.len();
    clips.retain(|c| args.below.is_none_or(|limit| by.of(&c.agreement) < limit));
    clips.truncate(args.top.get());
    let mut corrected = 0;
    if let Some(path) = &args.corrections {
        corrected = corrections(path, &clips, args.action)?;
    }
    if let Some(path) = &args.out {
        csv(path, &clips)?;
        let text = format!(
            "{} of {all}: {}",
            human_amount(clips.len(), "clip", "clips"),
            path.display()
        );
        done(path, text, console)?;
    } else if args.json {
        out_json(&clips)?;
    } else if !clips.is_empty() {
        out(table(&clips).trim_end())?;
    }
    if let Some(path) = &args.corrections {
        console.note(format!(
            "{}: {}, to be looked through before they are used (data.corrections)",
            path.display(),
            human_amount(corrected, "correction", "corrections")
        ));
    }
    if clips.is_empty() {
        console.note(format!(
            "none of {} is below the limit",
            human_amount(all, "clip", "clips")
        ));
    }
    Ok(Status::of_skips(skipped))
}

/// Classes and scores in one cell.
fn best(clip: &Reviewed, join: &str) -> String {
    let words: Vec<String> = clip
        .best
        .iter()
        .map(|(class, score)| format!("{class} {score:.2}"))
        .collect();
    words.join(join)
}

fn table(clips: &[Reviewed]) -> String {
    let headers = ["file", "labels", "scores", "lwlrap", "self-confidence", "margin"];
    let rows: Vec<Vec<String>> = clips
        .iter()
        .map(|c| {
            let a = &c.agreement;
            let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| format!("{v:.4}"));
            let words = [c.file.clone(), c.labels.join(", "), best(c, ", ")];
            words.into_iter().chain(numbers).collect()
        })
        .collect();
    let (left, right) = (Align::Left, Align::Right);
    text_table(&headers, &rows, &[left, left, left, right, right, right])
}

fn csv(path: &Path, clips: &[Reviewed]) -> anyhow::Result<()> {
    output::write(path, |w| {
        let mut csv = csv::Writer::from_writer(w);
        csv.write_record([
            "fname",
            "part",
            "fold",
            "labels",
            "suggested",
            "best",
            "lwlrap",
            "self_confidence",
            "margin",
        ])?;
        for c in clips {
            let a = &c.agreement;
            let words = [
                c.file.clone(),
                c.part.clone().unwrap_or_default(),
                c.fold.map_or(String::new(), |f| f.to_string()),
                c.labels.join(","),
                c.suggested.join(","),
                best(c, ","),
            ];
            let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| v.to_string());
            csv.write_record(words.into_iter().chain(numbers))?;
        }
        csv.flush()
    })
}

/// argus-2019's form: `{"a.wav": "remove", "b.wav": "Bark,Meow"}`. Its entries name files of one part. Labels that
/// would stay as they are, are left out; returns how many entries there are.
fn corrections(path: &Path, clips: &[Reviewed], action: Action) -> anyhow::Result<usize> {
    let parts = clips
        .first()
        .map(|first| clips.iter().find(|c| c.part != first.part).is_some());
    if parts == Some(true) {
        bail!(
            "--corrections: these clips are of several parts, and a file corrects one; choose it with --part"
        );
    }
    let mut entries = Map::new();
    for clip in clips {
        let same = |a: &[String], b: &[String]| a.iter().all(|class| b.contains(class));
        let confirmed = same(&clip.suggested, &clip.labels) && same(&clip.labels, &clip.suggested);
        if confirmed && matches!(action, Action::Relabel) {
            continue;
        }
        let comma = clip.suggested.iter().find(|class| class.contains(','));
        let what = match (action, comma) {
            (Action::Remove, _) => "remove".to_owned(),
            (Action::Relabel, Some(class)) => {
                bail!(
                    "--corrections: separates classes by commas, and the class `{class}` has one; use --action remove"
                )
            }
            (Action::Relabel, None) => clip.suggested.join(","),
        };
        entries.insert(clip.file.clone(), Value::String(what));
    }
    output::write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, &entries)?;
        w.write_all(b"\n")
    })?;
    Ok(entries.len())
}
