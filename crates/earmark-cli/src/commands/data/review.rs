//! `earmark review`

use crate::args::{Action, BestClips, Review, ReviewSource, WorstClips};
use crate::console::Console;
use crate::output::{self, print, print_json, print_written};
use crate::status::Status;
use anyhow::bail;
use earmark::metrics::{ScoreTable, TruthTable};
use earmark::report::{Align, text_table};
use earmark::train;
use earmark::train::label_review::{ReviewedClip, of_folds, of_tables};
use earmark_core::human::human_amount;
use serde_json::{Map, Value};
use std::path::Path;

/// Reviews labels.
pub fn run(what: &Review, console: &Console) -> anyhow::Result<Status> {
    match what {
        Review::Worst(args) => worst(args, console),
        Review::Best(args) => best(args, console),
    }
}

/// Clips whose labels disagree most with the scores of models not trained on them.
fn worst(args: &WorstClips, console: &Console) -> anyhow::Result<Status> {
    let (mut clips, skipped) = clips(&args.source, console)?;
    let all = clips.len();
    let value = |clip: &ReviewedClip| args.source.sort.of(&clip.quality);
    clips.retain(|clip| args.below.is_none_or(|limit| value(clip) < limit));
    clips.truncate(args.top_k.get());
    let corrected = match &args.corrections {
        Some(path) => Some((path, write_corrections(path, corrections(&clips, args.action)?)?)),
        None => None,
    };
    show(&clips, all, &args.source, console)?;
    if let Some((path, count)) = corrected {
        console.note(format!(
            "{}: {}; check them before you use them (data.corrections)",
            path.display(),
            human_amount(count, "correction", "corrections")
        ));
    }
    if clips.is_empty() {
        let all = human_amount(all, "clip", "clips");
        console.note(format!("none of {all} is below the limit"));
    }
    Ok(Status::of_skips(skipped))
}

/// Clips whose labels agree best with such scores.
fn best(args: &BestClips, console: &Console) -> anyhow::Result<Status> {
    /// Listed where no limit is given.
    const LISTED: usize = 20;
    let (mut clips, skipped) = clips(&args.source, console)?;
    let all = clips.len();
    let value = |clip: &ReviewedClip| args.source.sort.of(&clip.quality);
    clips.reverse();
    clips.retain(|clip| args.above.is_none_or(|limit| value(clip) >= limit));
    clips.truncate(match (args.top_k, args.above) {
        (Some(k), _) => k.get(),
        (None, Some(_)) => usize::MAX,
        (None, None) => LISTED,
    });
    let kept = match &args.corrections {
        Some(path) => Some((path, write_corrections(path, confirmations(&clips)?)?)),
        None => None,
    };
    show(&clips, all, &args.source, console)?;
    if let Some((path, count)) = kept {
        console.note(format!(
            "{}: {} with their own labels; data.corrections with a corrected-subset moves them to a subset of their own",
            path.display(),
            human_amount(count, "clip", "clips")
        ));
    }
    if clips.is_empty() {
        let all = human_amount(all, "clip", "clips");
        console.note(format!("none of {all} reaches the limit"));
    }
    Ok(Status::of_skips(skipped))
}

/// All clips, those that agree least first, and how many could not be read.
fn clips(source: &ReviewSource, console: &Console) -> anyhow::Result<(Vec<ReviewedClip>, usize)> {
    let (mut clips, skipped) = match (&source.run, &source.scores, &source.truth) {
        (Some(run), None, None) => {
            let stop = console.stop_flag()?;
            let found = train::out_of_fold(
                run,
                source.data.as_deref(),
                &source.compute.device,
                &|e| console.show(e),
                &stop,
            );
            let found = console.finished(found, "nothing was written")?;
            (of_folds(&found, source.sort)?, found.skipped.len())
        }
        (None, Some(scores), Some(truth)) => {
            let (scores, truth) = (ScoreTable::read(scores)?, TruthTable::read(truth)?);
            (of_tables(&scores, &truth, source.sort)?, 0)
        }
        _ => bail!("nothing to review: give a cross-validation run, or --scores and --truth"),
    };
    if let Some(subset) = &source.subset {
        clips.retain(|clip| clip.subset.as_ref() == Some(subset));
        if clips.is_empty() {
            bail!("--subset {subset}: none of the scored clips is in this subset");
        }
    }
    Ok((clips, skipped))
}

/// The clips as a CSV file, as JSON or as a table.
fn show(clips: &[ReviewedClip], all: usize, source: &ReviewSource, console: &Console) -> anyhow::Result<()> {
    if let Some(path) = &source.out {
        write_table(path, clips)?;
        let count = human_amount(clips.len(), "clip", "clips");
        print_written(path, format!("{count} of {all}: {}", path.display()), console)?;
    } else if source.json {
        print_json(&clips)?;
    } else if !clips.is_empty() {
        print(table(clips).trim_end())?;
    }
    Ok(())
}

/// Its best classes and their scores in one cell.
fn best_classes(clip: &ReviewedClip, separator: &str) -> String {
    let best = clip.best.iter();
    let words: Vec<String> = best.map(|(class, score)| format!("{class} {score:.2}")).collect();
    words.join(separator)
}

fn table(clips: &[ReviewedClip]) -> String {
    let headers = ["file", "labels", "scores", "lwlrap", "self-confidence", "margin"];
    let row = |clip: &ReviewedClip| {
        let a = &clip.quality;
        let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| format!("{v:.4}"));
        let words = [
            clip.file.clone(),
            clip.labels.join(", "),
            best_classes(clip, ", "),
        ];
        words.into_iter().chain(numbers).collect()
    };
    let rows: Vec<Vec<String>> = clips.iter().map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    text_table(&headers, &rows, &[left, left, left, right, right, right])
}

fn write_table(path: &Path, clips: &[ReviewedClip]) -> anyhow::Result<()> {
    let headers = "fname part fold labels suggested best lwlrap self_confidence margin";
    let row = |clip: &ReviewedClip| {
        let a = &clip.quality;
        let words = [
            clip.file.clone(),
            clip.subset.clone().unwrap_or_default(),
            clip.fold.map_or(String::new(), |fold| fold.to_string()),
            clip.labels.join(","),
            clip.suggested.join(","),
            best_classes(clip, ","),
        ];
        let numbers = [a.lwlrap, a.self_confidence, a.margin].map(|v| v.to_string());
        words.into_iter().chain(numbers).collect()
    };
    let header: Vec<String> = headers.split(' ').map(str::to_owned).collect();
    output::write_csv(path, std::iter::once(header).chain(clips.iter().map(row)))
}

/// argus-2019's format: `{"a.wav": "remove", "b.wav": "Bark,Meow"}`. Labels that would not change are left out.
fn corrections(clips: &[ReviewedClip], action: Action) -> anyhow::Result<Map<String, Value>> {
    refuse_several_subsets(clips)?;
    let mut entries = Map::new();
    for clip in clips {
        let same = |a: &[String], b: &[String]| a.iter().all(|class| b.contains(class));
        let confirmed = same(&clip.suggested, &clip.labels) && same(&clip.labels, &clip.suggested);
        let what = match action {
            Action::Remove => "remove".to_owned(),
            Action::Relabel if confirmed => continue,
            Action::Relabel => joined(&clip.suggested)?,
        };
        entries.insert(clip.file.clone(), Value::String(what));
    }
    Ok(entries)
}

/// The clips with their own labels, in the same format.
fn confirmations(clips: &[ReviewedClip]) -> anyhow::Result<Map<String, Value>> {
    refuse_several_subsets(clips)?;
    let entry = |clip: &ReviewedClip| Ok((clip.file.clone(), Value::String(joined(&clip.labels)?)));
    clips.iter().map(entry).collect()
}

/// Writes corrections; returns how many there are.
fn write_corrections(path: &Path, entries: Map<String, Value>) -> anyhow::Result<usize> {
    output::write_json(path, &entries)?;
    Ok(entries.len())
}

/// A file of corrections corrects one subset.
fn refuse_several_subsets(clips: &[ReviewedClip]) -> anyhow::Result<()> {
    let first = clips.first();
    if first.is_some_and(|first| clips.iter().any(|clip| clip.subset != first.subset)) {
        bail!(
            "--corrections: these clips are from several subsets, and a file corrects one; choose it with --subset"
        );
    }
    Ok(())
}

/// Classes as corrections write them.
fn joined(classes: &[String]) -> anyhow::Result<String> {
    match classes.iter().find(|class| class.contains(',')) {
        None => Ok(classes.join(",")),
        Some(class) => bail!(
            "--corrections: commas separate classes, and the class `{class}` contains one; use --action remove"
        ),
    }
}
