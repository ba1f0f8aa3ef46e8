//! Classifiers of an index: trained on its labelled windows, and which windows to label next.

use crate::PipelineError;
use earmark_core::human::human_amount;
use earmark_engine::{LinearProbe, LinearProbeData};
use earmark_index::archive::{
    ArchiveIndex, CurrentLabels, IndexedWindow, TornLabel, WindowClassifier, WindowSelection, select_windows,
};
use earmark_runs::run_dir::now;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What to train, and how many windows to propose.
#[derive(Clone, Debug)]
pub struct LearnJob {
    /// The classes.
    pub classes: Vec<String>,
    /// Whether a window has at most one of them, so that a yes for one is a no for the others.
    pub exclusive: bool,
    /// Strength of regularisation, as [`LinearProbe::fit`] has it.
    pub strength: f64,
    /// How windows are chosen.
    pub select: WindowSelection,
    /// How many are proposed.
    pub count: usize,
}

/// What was trained, and what to label next.
#[derive(Clone, Debug)]
pub struct Learned {
    /// One per class; none where there are too few labels for one and windows are drawn.
    pub classifiers: Vec<WindowClassifier>,
    /// Windows to label, in the order in which they were chosen.
    pub proposed: Vec<ProposedWindow>,
    /// Labels of recordings that have changed or are not in the index, which do not count.
    pub stale: usize,
    /// The last line of the labels, where it is cut off; it does not count.
    pub torn: Option<TornLabel>,
}

/// A window to label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposedWindow {
    /// The window.
    #[serde(flatten)]
    pub window: IndexedWindow,
    /// The probability of each class.
    pub scores: BTreeMap<String, f32>,
}

/// Trains a classifier per class on the windows that are labelled, and chooses windows to label next. Nothing is
/// written.
///
/// # Errors
///
/// For classes without labels, unless windows are drawn, and when the index can't be read.
pub fn learn_classes(index: &ArchiveIndex, job: &LearnJob) -> Result<Learned, PipelineError> {
    if !(job.strength > 0.0 && job.strength.is_finite()) {
        return Err(PipelineError::Request(format!(
            "--strength {}: give a number above 0",
            job.strength
        )));
    }
    let labels = CurrentLabels::of(index)?;
    let others: &[String] = if job.exclusive { &job.classes } else { &[] };
    let of_classes = job
        .classes
        .iter()
        .map(|class| (class, labels.of_class(class, others)));
    let of_classes: Vec<(&String, BTreeMap<usize, bool>)> = of_classes.collect();
    let missing = of_classes
        .iter()
        .find_map(|(class, rows)| missing_answer(class, rows));
    let classifiers = match (missing, job.select) {
        (None, _) => of_classes
            .iter()
            .map(|(class, rows)| train(index, class, rows, job))
            .collect::<Result<Vec<_>, _>>()?,
        // Where windows are drawn, there is no need to know anything yet.
        (Some(_), WindowSelection::Random { .. }) => Vec::new(),
        (Some(problem), _) => return Err(PipelineError::Request(problem)),
    };
    let logits = index.logits(&classifiers)?;
    let labelled: BTreeSet<usize> = of_classes
        .iter()
        .flat_map(|(_, rows)| rows.keys().copied())
        .collect();
    let rows = select_windows(index, job.select, job.count, (&logits, job.exclusive), &labelled)?;
    let proposed = rows.into_iter().map(|row| ProposedWindow {
        window: index.window(row),
        scores: classifiers
            .iter()
            .zip(&logits)
            .map(|(of, logits)| (of.class.clone(), probability(logits[row])))
            .collect(),
    });
    Ok(Learned {
        proposed: proposed.collect(),
        classifiers,
        stale: labels.stale,
        torn: labels.torn,
    })
}

fn probability(logit: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32
}

/// What a class needs before a classifier can be trained.
fn missing_answer(class: &str, rows: &BTreeMap<usize, bool>) -> Option<String> {
    let yes = rows.values().filter(|yes| **yes).count();
    let (what, flag) = match (yes, rows.len() - yes) {
        (0, _) => ("with it", ""),
        (_, 0) => ("without it", " --no"),
        _ => return None,
    };
    Some(format!(
        "{class}: no window {what} is labelled ({} in all); label one with `earmark index label X {class} FILE@SECONDS{flag}`, \
         or take --select random",
        human_amount(rows.len(), "label", "labels")
    ))
}

fn train(
    index: &ArchiveIndex,
    class: &str,
    labels: &BTreeMap<usize, bool>,
    job: &LearnJob,
) -> Result<WindowClassifier, PipelineError> {
    let rows: Vec<usize> = labels.keys().copied().collect();
    let data = LinearProbeData {
        x: index.vectors(&rows)?,
        width: index.manifest().width,
        y: labels.values().map(|yes| f32::from(u8::from(*yes))).collect(),
        classes: 1,
        single_label: false,
        within_class: false,
    };
    let LinearProbe { weight, bias } = LinearProbe::fit(&data, job.strength, None);
    let mut classifier = WindowClassifier::new(index, class, weight, bias[0]);
    classifier.yes = labels.values().filter(|yes| **yes).count();
    classifier.no = labels.len() - classifier.yes;
    if job.exclusive {
        let others = job.classes.iter().filter(|other| *other != class);
        classifier.others = others.cloned().collect();
    }
    classifier.strength = job.strength;
    classifier.when = now();
    Ok(classifier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_index::archive::{
        IndexModel, IndexWindows, IndexWriter, IndexedRecording, LabelAnswer, RecordingVersion, WindowLabel,
        append_labels,
    };
    use std::path::Path;

    /// Sixty recordings of a window each, of three kinds, each kind in a direction of its own.
    fn index(folder: &Path) -> ArchiveIndex {
        let model = IndexModel {
            name: "m".into(),
            hash: "a".repeat(64),
        };
        let windows = IndexWindows {
            sample_rate_hz: 8000,
            window_samples: 8000,
            hop_samples: 4000,
        };
        let mut writer = IndexWriter::open(folder, model, windows, 3, 100).unwrap();
        for k in 0..60_usize {
            let recording = IndexedRecording {
                file: format!("{k:02}.wav"),
                version: RecordingVersion {
                    size: 1,
                    changed: 1,
                    content: "x".into(),
                },
                seconds: 1.0,
                sample_rate_hz: 8000,
                samples: 8000,
                windows: 1,
                note: None,
                damaged: false,
            };
            let mut vector = [0.1, 0.2, 0.3].map(|v| v * ((k * 7 % 11) as f32 / 11.0 - 0.5));
            vector[k % 3] += 1.0;
            writer.add(recording, vector.to_vec()).unwrap();
        }
        writer.finish().unwrap();
        ArchiveIndex::open(folder).unwrap()
    }

    fn label(index: &ArchiveIndex, row: usize, class: &str, answer: LabelAnswer) -> WindowLabel {
        let window = index.window(row);
        WindowLabel {
            content: "x".into(),
            file: window.file,
            start_seconds: window.start_seconds,
            end_seconds: window.end_seconds,
            class: class.into(),
            answer,
            who: "Ada".into(),
            when: now(),
            from: "a test".into(),
        }
    }

    fn job(classes: &[&str], select: WindowSelection) -> LearnJob {
        LearnJob {
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            exclusive: true,
            strength: 1.0,
            select,
            count: 5,
        }
    }

    #[test]
    fn few_labels_make_classifiers() {
        let dir = tempfile::tempdir().unwrap();
        let index = index(dir.path());
        let classes = ["a", "b", "c"];
        let refused = |select| {
            learn_classes(&index, &job(&classes, select))
                .unwrap_err()
                .to_string()
        };
        assert!(
            refused(WindowSelection::Margin).contains("a: no window with it is labelled (0 labels in all)")
        );
        let drawn = learn_classes(&index, &job(&classes, WindowSelection::Random { seed: 1 })).unwrap();
        assert!(drawn.classifiers.is_empty() && drawn.proposed.len() == 5);
        append_labels(&index, &[label(&index, 0, "a", LabelAnswer::Yes)]).unwrap();
        let alone = job(&["a"], WindowSelection::Margin);
        let refused = learn_classes(&index, &alone).unwrap_err().to_string();
        assert!(
            refused.contains("a: no window without it is labelled (1 label in all)"),
            "{refused}"
        );
        let more = [1, 2, 3, 4, 5].map(|row| label(&index, row, classes[row % 3], LabelAnswer::Yes));
        append_labels(&index, &more).unwrap();
        let learned = learn_classes(&index, &job(&classes, WindowSelection::Margin)).unwrap();
        // A yes for one class is a no for the two others.
        let counts = learned.classifiers.iter().map(|of| (of.yes, of.no));
        assert!(counts.eq([(2, 4); 3]));
        let logits = index.logits(&learned.classifiers).unwrap();
        let best =
            |row: usize| (0..3).max_by(|&a: &usize, &b: &usize| logits[a][row].total_cmp(&logits[b][row]));
        for row in 0..60 {
            assert_eq!(best(row), Some(row % 3), "row {row}");
        }
        assert_eq!(learned.proposed.len(), 5);
        for proposed in &learned.proposed {
            assert!(
                proposed.window.file.as_str() >= "06.wav",
                "labelled ones are not proposed again"
            );
            assert_eq!(proposed.scores.len(), 3);
        }
        let diverse = learn_classes(&index, &job(&classes, WindowSelection::Diverse)).unwrap();
        assert_eq!(diverse.classifiers[0].weights, learned.classifiers[0].weights);
        assert_eq!(diverse.proposed.len(), 5);
    }
}
