//! `earmark index info`

use super::window_names::say_torn;
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, CurrentLabels, WindowClassifier};

/// Describe an index: its model, recordings, windows, labels and classifiers
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index info owls\n  earmark index info owls --check --json")]
pub struct IndexInfo {
    /// The index
    pub index: PathBuf,
    /// Read all vectors, and compare them with their checksums
    #[arg(long)]
    pub check: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Describes an index.
pub fn run(args: &IndexInfo, console: &Console) -> anyhow::Result<Status> {
    let index = ArchiveIndex::open(&args.index)?;
    if args.check {
        index.check()?;
    }
    let labels = CurrentLabels::of(&index)?;
    say_torn(labels.torn.as_ref(), console);
    let classifiers = WindowClassifier::all(&index)?;
    let waiting = index.waiting()?;
    print_as(
        args.json,
        || facts(&index, &labels, &classifiers, (waiting, args.check)),
        || describe(&index, &labels, &classifiers, (waiting, args.check)),
    )?;
    Ok(Status::Done)
}

/// Seconds of all recordings.
fn seconds(index: &ArchiveIndex) -> f64 {
    index.recordings().map(|placed| placed.recording.seconds).sum()
}

/// Labels of a class: how many say yes, and no.
fn answers(rows: &std::collections::BTreeMap<usize, bool>) -> (usize, usize) {
    let yes = rows.values().filter(|yes| **yes).count();
    (yes, rows.len() - yes)
}

fn facts(
    index: &ArchiveIndex,
    labels: &CurrentLabels,
    classifiers: &[WindowClassifier],
    (waiting, is_checked): (usize, bool),
) -> serde_json::Value {
    let manifest = index.manifest();
    let labelled = labels.by_class.iter().map(|(class, rows)| {
        let (yes, no) = answers(rows);
        (class.clone(), json!({ "yes": yes, "no": no }))
    });
    let trained = classifiers.iter().map(|of| {
        let facts = json!({ "yes": of.yes, "no": of.no, "strength": of.strength, "when": of.when });
        (of.class.clone(), facts)
    });
    json!({
        "index": index.folder().to_string_lossy(),
        "model": manifest.model,
        "windows": manifest.windows,
        "width": manifest.width,
        "recordings": index.recordings().count(),
        "seconds": seconds(index),
        "rows": index.valid_rows(),
        "replaced_rows": index.rows() - index.valid_rows(),
        "shards": manifest.shards.len(),
        "waiting_recordings": waiting,
        "labels": labelled.collect::<serde_json::Map<_, _>>(),
        "stale_labels": labels.stale,
        "torn_label": labels.torn,
        "classifiers": trained.collect::<serde_json::Map<_, _>>(),
        "checked": is_checked,
    })
}

fn describe(
    index: &ArchiveIndex,
    labels: &CurrentLabels,
    classifiers: &[WindowClassifier],
    (waiting, is_checked): (usize, bool),
) -> String {
    let (manifest, windows) = (index.manifest(), index.manifest().windows);
    let rate = f64::from(windows.sample_rate_hz);
    let recordings = human_amount(index.recordings().count(), "recording", "recordings");
    let mut lines = vec![
        format!(
            "{}: {recordings}, {}",
            shown(index.folder()),
            human_duration(seconds(index))
        ),
        format!("model: {}", one_line(&manifest.model.short())),
        format!(
            "windows: {} of {} every {}, {} numbers each, {}",
            human_count(index.valid_rows() as u64),
            human_duration(windows.window_samples as f64 / rate),
            human_duration(windows.hop_seconds()),
            manifest.width,
            human_amount(manifest.shards.len(), "shard", "shards")
        ),
    ];
    if waiting > 0 {
        let amount = human_amount(waiting, "recording waits", "recordings wait");
        lines.push(format!("{amount} in adding.log: run `earmark index add` again"));
    }
    for (class, rows) in &labels.by_class {
        let (yes, no) = answers(rows);
        lines.push(format!("labels of {}: {yes} yes, {no} no", one_line(class)));
    }
    if labels.stale > 0 {
        let amount = human_amount(labels.stale, "label", "labels");
        lines.push(format!(
            "{amount} of recordings that have changed or are not in the index"
        ));
    }
    for of in classifiers {
        let when = one_line(&of.when);
        lines.push(format!(
            "classifier of {}: {} yes, {} no, {when}",
            one_line(&of.class),
            of.yes,
            of.no
        ));
    }
    if is_checked {
        lines.push("all checksums are right".to_owned());
    }
    lines.join("\n")
}
