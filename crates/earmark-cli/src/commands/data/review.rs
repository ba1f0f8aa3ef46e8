//! `earmark review`

use crate::Status;
use crate::args::{Action, Best, Global, Review, ReviewBy, Worst};
use crate::console::{Console, done, out, out_json};
use crate::output;
use anyhow::bail;
use earmark::metrics::{ScoreTable, TruthTable};
use earmark::report::{Align, human_amount, text_table};
use earmark::train::label_review::{Measure, Reviewed, of_folds, of_tables};
use serde_json::{Map, Value};
use std::path::Path;

/// Looks at labels.
pub fn run(what: Review, global: &Global, console: &Console) -> anyhow::Result<Status> {
    match what {
        Review::Worst(args) => worst(args, global, console),
        Review::Best(args) => best_of(args, global, console),
    }
}

/// What is looked at.
struct Source<'a> {
    run: Option<&'a Path>,
    data: Option<&'a Path>,
    scores: Option<&'a Path>,
    truth: Option<&'a Path>,
    part: Option<&'a str>,
}

impl Source<'_> {
    /// All clips, the least agreed-with first, and how many could not be read; `None` when interrupted.
    fn clips(
        &self,
        by: Measure,
        global: &Global,
        console: &Console,
    ) -> anyhow::Result<Option<(Vec<Reviewed>, usize)>> {
        let (mut clips, skipped) = match (self.run, self.scores, self.truth) {
            (Some(run), None, None) => {
                let stop = console.stop_flag()?;
                let show = |e: earmark::inference::Event| console.show(e);
                let found = match earmark::train::out_of_fold(run, self.data, &global.device, &show, &stop) {
                    Err(e) if e.is_interrupt() => None,
                    found => found?,
                };
                let Some(found) = found else {
                    console.note("interrupted; nothing was written");
                    return Ok(None);
                };
                (of_folds(&found, by)?, found.skipped.len())
            }
            (None, Some(scores), Some(truth)) => {
                let (scores, truth) = (ScoreTable::read(scores)?, TruthTable::read(truth)?);
                (of_tables(&scores, &truth, by)?, 0)
            }
            _ => bail!("nothing to review: give a run of several folds, or --scores and --truth"),
        };
        if let Some(part) = self.part {
            if clips.iter().all(|c| c.part.as_deref() != Some(part)) {
                bail!("--part {part}: no clip that was scored is of this part");
            }
            clips.retain(|c| c.part.as_deref() == Some(part));
        }
        Ok(Some((clips, skipped)))
    }
}

fn measure(by: ReviewBy) -> Measure {
    match by {
        ReviewBy::Lwlrap => Measure::Lwlrap,
        ReviewBy::SelfConfidence => Measure::SelfConfidence,
        ReviewBy::Margin => Measure::Margin,
    }
}

/// Clips whose labels disagree most with scores of models that did not learn from them.
fn worst(args: Worst, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let by = measure(args.by);
    let source = Source {
        run: args.run.as_deref(),
        data: args.data.as_deref(),
        scores: args.scores.as_deref(),
        truth: args.truth.as_deref(),
        part: args.part.as_deref(),
    };
    let Some((mut clips, skipped)) = source.clips(by, global, console)? else {
        return Ok(Status::Interrupted);
    };
    let all = clips.len();
    clips.retain(|c| args.below.is_none_or(|limit| by.of(&c.agreement) < limit));
    clips.truncate(args.top.get());
    let mut corrected = 0;
    if let Some(path) = &args.corrections {
        corrected = corrections(path, &clips, args.action)?;
    }
    tell(&clips, all, args.out.as_deref(), args.json, console)?;
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

/// Clips whose labels agree best with such scores.
fn best_of(args: Best, global: &Global, console: &Console) -> anyhow::Result<Status> {
    /// Shown where no limit is given.
    const SHOWN: usize = 20;
    let by = measure(args.by);
    let source = Source {
        run: args.run.as_deref(),
        data: args.data.as_deref(),
        scores: args.scores.as_deref(),
        truth: args.truth.as_deref(),
        part: args.part.as_deref(),
    };
    let Some((mut clips, skipped)) = source.clips(by, global, console)? else {
        return Ok(Status::Interrupted);
    };
    let all = clips.len();
    clips.reverse();
    clips.retain(|c| args.above.is_none_or(|limit| by.of(&c.agreement) >= limit));
    let most = match (args.top, args.above) {
        (Some(top), _) => top.get(),
        (None, Some(_)) => usize::MAX,
        (None, None) => SHOWN,
    };
    clips.truncate(most);
    if let Some(path) = &args.corrections {
        one_part(&clips)?;
        let mut entries = Map::new();
        for clip in &clips {
            entries.insert(clip.file.clone(), Value::String(joined(&clip.labels)?));
        }
        write_entries(path, &entries)?;
    }
    tell(&clips, all, args.out.as_deref(), args.json, console)?;
    if let Some(path) = &args.corrections {
        console.note(format!(
            "{}: {} with their own labels; data.corrections with a corrected-subset moves them to a subset of their own",
            path.display(),
            human_amount(clips.len(), "clip", "clips")
        ));
    }
    if clips.is_empty() {
        console.note(format!(
            "none of {} reaches the limit",
            human_amount(all, "clip", "clips")
        ));
    }
    Ok(Status::of_skips(skipped))
}

/// The clips as a CSV file, as JSON or as a table.
fn tell(
    clips: &[Reviewed],
    all: usize,
    path: Option<&Path>,
    json: bool,
    console: &Console,
) -> anyhow::Result<()> {
    if let Some(path) = path {
        csv(path, clips)?;
        let text = format!(
            "{} of {all}: {}",
            human_amount(clips.len(), "clip", "clips"),
            path.display()
        );
        done(path, text, console)?;
    } else if json {
        out_json(&clips)?;
    } else if !clips.is_empty() {
        out(table(clips).trim_end())?;
    }
    Ok(())
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
    one_part(clips)?;
    let mut entries = Map::new();
    for clip in clips {
        let same = |a: &[String], b: &[String]| a.iter().all(|class| b.contains(class));
        let confirmed = same(&clip.suggested, &clip.labels) && same(&clip.labels, &clip.suggested);
        if confirmed && matches!(action, Action::Relabel) {
            continue;
        }
        let what = match action {
            Action::Remove => "remove".to_owned(),
            Action::Relabel => joined(&clip.suggested)?,
        };
        entries.insert(clip.file.clone(), Value::String(what));
    }
    write_entries(path, &entries)?;
    Ok(entries.len())
}

/// A file of corrections corrects one part.
fn one_part(clips: &[Reviewed]) -> anyhow::Result<()> {
    let first = clips.first();
    if first.is_some_and(|first| clips.iter().any(|c| c.part != first.part)) {
        bail!(
            "--corrections: these clips are of several parts, and a file corrects one; choose it with --part"
        );
    }
    Ok(())
}

/// Classes as corrections write them.
fn joined(classes: &[String]) -> anyhow::Result<String> {
    match classes.iter().find(|class| class.contains(',')) {
        None => Ok(classes.join(",")),
        Some(class) => bail!(
            "--corrections: separates classes by commas, and the class `{class}` has one; use --action remove"
        ),
    }
}

fn write_entries(path: &Path, entries: &Map<String, Value>) -> anyhow::Result<()> {
    output::write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, entries)?;
        w.write_all(b"\n")
    })
}
