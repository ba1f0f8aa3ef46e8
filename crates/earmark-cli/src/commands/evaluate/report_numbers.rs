//! The numbers of a report, for programs and for the terminal.

use crate::commands::fold_and_layer_tables::fold_score_table;
use crate::prelude::*;
use earmark::metrics::number;
use earmark::report::{
    Align, ClassScoreRow, FoldScoreRow, FoldScores, NoteLevel, PageNote, RunReport, WorstClip, text_table,
};
use serde_json::{Map, Value};

/// Confusions listed in words.
const PAIRS: usize = 15;

/// Everything in a report that a program may want, with the path of its page.
pub fn as_json(page: &Path, report: &RunReport) -> Value {
    let level = |level| match level {
        NoteLevel::Info => "info",
        NoteLevel::Caution => "caution",
        NoteLevel::Problem => "problem",
    };
    let is_optimistic = |note: &&PageNote| note.text.starts_with("OPTIMISTIC");
    let optimistic = report.notes.iter().find(is_optimistic);
    let notes = report.notes.iter();
    let notes = notes.map(|n| json!({ "level": level(n.level), "text": n.text, "remedy": n.remedy }));
    let classes = report.per_class.iter().map(|c| (c.name.clone(), class(c)));
    let confusion = report.confusion.as_ref();
    let reliability = report.reliability.iter().map(|curve| {
        let bin = |(score, share, count): &(f64, f64, u64)| json!({ "score": score, "share": share, "count": count });
        let bins = curve.points.iter().map(bin);
        json!({ "name": curve.name, "bins": bins.collect::<Vec<_>>() })
    });
    let skipped = report.skipped.iter().map(|s| (&s.file, &s.reason));
    json!({
        "page": page,
        "title": report.title,
        "optimistic": optimistic.map(|note| &note.text),
        "notes": notes.collect::<Vec<_>>(),
        "step": report.reported.as_ref().map(|reported| reported.step),
        "chosen": report.reported.as_ref().map(|reported| &reported.chosen),
        "used": report.reported.as_ref().map(|reported| reported.is_used),
        "folds": report.folds.as_ref().map(folds),
        "decision_rule": report.decision_rule,
        "per_class": classes.collect::<Map<_, _>>(),
        "confusion": confusion.map(|m| json!({ "classes": m.classes(), "counts": m.counts() })),
        "reliability": reliability.collect::<Vec<_>>(),
        "worst_clips": report.worst_clips.iter().map(worst_clip).collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
    })
}

fn class(c: &ClassScoreRow) -> Value {
    json!({
        "count": c.count, "precision": c.precision, "recall": c.recall, "f1": c.f1, "ap": c.ap, "auc": c.auc,
        "lwlrap": c.lwlrap,
    })
}

fn folds(scores: &FoldScores) -> Value {
    let by_metric = |values: &[Option<f64>]| -> Map<String, Value> {
        let pairs = scores.metrics.iter().cloned().zip(values);
        pairs.map(|(metric, value)| (metric, json!(value))).collect()
    };
    let fold = |f: &FoldScoreRow| {
        let metrics = by_metric(&f.values);
        json!({ "fold": f.fold, "clips": f.clips, "step": f.step, "metrics": metrics })
    };
    json!({
        "folds": scores.folds.iter().map(fold).collect::<Vec<_>>(),
        "mean": by_metric(&scores.mean),
        "deviation": by_metric(&scores.deviation),
        "pooled": by_metric(&scores.pooled),
    })
}

fn worst_clip(clip: &WorstClip) -> Value {
    let predictions = clip.predictions.iter();
    let predictions = predictions.map(|p| json!({ "class": p.class, "score": p.score }));
    json!({
        "file": clip.file, "labels": clip.truth, "predictions": predictions.collect::<Vec<_>>(), "note": clip.note,
    })
}

/// The results of folds and classes and the most frequent mistakes, with the step that they are of and the notes that a
/// reader must know.
pub fn as_text(report: &RunReport) -> String {
    let serious = report.notes.iter().filter(|note| note.level != NoteLevel::Info);
    let notes: String = serious
        .map(|note| format!("{}\n", one_line(&note.text)))
        .collect();
    let step = report
        .reported
        .as_ref()
        .map(|reported| format!("{}\n", reported.describe()));
    let folds = report.folds.as_ref().map(fold_score_table);
    let classes = (!report.per_class.is_empty()).then(|| class_table(report));
    let parts = [Some(notes), step, folds, classes, mistakes(report)];
    let mut parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn class_table(report: &RunReport) -> String {
    let row = |c: &ClassScoreRow| {
        let head = [c.name.clone(), c.count.to_string()];
        let values = [c.precision, c.recall, c.f1, c.ap, c.auc, c.lwlrap].map(number);
        head.into_iter().chain(values).collect()
    };
    let headers: Vec<&str> = "class clips precision recall F1 AP AUC lwlrap"
        .split(' ')
        .collect();
    let table = number_table(&headers, report.per_class.iter().map(row));
    format!("{table}{}\n", report.decision_rule)
}

/// Which classes were most often taken for which.
fn mistakes(report: &RunReport) -> Option<String> {
    let pairs = report.confusion.as_ref()?.worst_pairs(PAIRS);
    let row = |(truth, predicted, count, share): (&str, &str, u64, f64)| {
        let share = format!("{:.0} %", 100.0 * share);
        vec![truth.to_owned(), predicted.to_owned(), count.to_string(), share]
    };
    let rows: Vec<Vec<String>> = pairs.into_iter().map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    let headers = ["true class", "predicted as", "clips", "share of class"];
    (!rows.is_empty()).then(|| text_table(&headers, &rows, &[left, left, right, right]))
}
