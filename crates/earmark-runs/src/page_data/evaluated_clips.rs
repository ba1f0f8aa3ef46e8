//! The scores of the clips that a run was evaluated on, with their true labels.

use super::PageError;
use earmark_core::human::human_amount;
use earmark_engine::evaluation::{clips_path, read_clips, read_scores};
use earmark_metrics::{Aligned, Calibration, CalibrationQuality, ConfusionMatrix, MetricsError, ScoreTable};
use earmark_report::ReliabilityCurve;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The scores of an evaluated step with the truth that they were evaluated against, which `clips.txt` in the same
/// folder keeps: one line per clip, its name and its labels as indices into the run's classes.
pub(crate) fn read_evaluated(eval: &Path, step: u64) -> Result<Aligned, PageError> {
    with_labels(
        read_scores(eval, step)?,
        &read_clips(eval, step)?,
        &clips_path(eval),
    )
}

/// Scores with the truth of a text of clips, which is that of a file.
fn with_labels(scores: ScoreTable, text: &str, clips: &Path) -> Result<Aligned, PageError> {
    let bad = |problem: String| refusal(clips.display().to_string(), problem);
    let labels = parse_clips(text, clips)?;
    let width = scores.classes().len();
    let classes = human_amount(width, "class", "classes");
    let mut truth = vec![false; scores.files().len() * width];
    for (row, file) in truth.chunks_mut(width.max(1)).zip(scores.files()) {
        let labels = labels.get(file.as_str());
        for &label in labels.ok_or_else(|| bad(format!("the clip {file:?} is not listed")))? {
            let mark = row.get_mut(label);
            *mark.ok_or_else(|| bad(format!("{file:?} has a label {label} of {classes}")))? = true;
        }
    }
    Ok(Aligned::from_rows(scores, truth)?)
}

/// How often each class was predicted as which; `None` if a clip has several labels.
pub(super) fn confusion(clips: &Aligned) -> Result<Option<ConfusionMatrix>, MetricsError> {
    match clips.confusion() {
        Ok(matrix) => Ok(Some(matrix)),
        Err(MetricsError::NotSingleLabel { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The evaluated clips of several runs, those of the folds of a cross-validation, as one.
///
/// # Errors
/// Classes that are not the same in all of them; a clip that several have.
pub(crate) fn pooled(runs: &[(PathBuf, Aligned)]) -> Result<Aligned, PageError> {
    let classes = runs.first().map_or(&[][..], |(_, clips)| clips.classes());
    if let Some((run, _)) = runs.iter().find(|(_, clips)| clips.classes() != classes) {
        return Err(PageError::Classes(run.clone()));
    }
    let (mut files, mut values, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for (_, clips) in runs {
        files.extend_from_slice(clips.files());
        for (row, marks) in clips.rows() {
            values.extend_from_slice(row);
            truth.extend_from_slice(marks);
        }
    }
    Ok(Aligned::from_rows(
        ScoreTable::new(files, classes.to_vec(), values)?,
        truth,
    )?)
}

/// How far the scores are probabilities, and, if the model is calibrated, how far its calibrated ones are.
pub(super) fn reliability(
    clips: &Aligned,
    single_label: bool,
    calibration: Option<&Calibration>,
) -> Result<Vec<ReliabilityCurve>, MetricsError> {
    let curve = |name: &str, clips: &Aligned| -> Result<ReliabilityCurve, MetricsError> {
        let half = vec![0.5; clips.classes().len()];
        let quality = CalibrationQuality::of(clips, single_label, |_| &half)?;
        let bins = quality.reliability.bins.iter();
        let points = bins.filter_map(|b| Some((b.score?, b.share?, b.count))).collect();
        let name = name.to_owned();
        Ok(ReliabilityCurve { name, points })
    };
    let mut all = vec![curve("scores", clips)?];
    if let Some(calibration) = calibration {
        all.push(curve("calibrated", &calibration.of_clips(clips)?)?);
    }
    Ok(all)
}

fn refusal(place: String, problem: String) -> PageError {
    PageError::Clips { place, problem }
}

/// File to labels, of lines such as `a file.wav [0, 7]`. A name may have line breaks in it: a clip ends where labels
/// do.
fn parse_clips<'a>(text: &'a str, path: &Path) -> Result<HashMap<&'a str, Vec<usize>>, PageError> {
    let parse = |line: &'a str| -> Option<(&'a str, Vec<usize>)> {
        let (file, labels) = line.split_at(line.rfind(" [")?);
        Some((file, serde_json::from_str(labels).ok()?))
    };
    let mut clips = HashMap::new();
    let (mut begin, mut end, mut first) = (0, 0, 1);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        end += line.len();
        if let Some((file, labels)) = parse(&text[begin..end]) {
            clips.insert(file, labels);
            (begin, first) = (end, number + 1);
        }
    }
    match begin == text.len() {
        true => Ok(clips),
        false => Err(refusal(
            format!("{}:{first}", path.display()),
            "expected a file and its labels, such as `a.wav [3]`".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::worst_clips::worst_clips;
    use super::*;

    fn evaluated(scores: &str, clips: &str) -> Result<Aligned, PageError> {
        let scores = ScoreTable::parse(scores.as_bytes(), "scores.csv").unwrap();
        with_labels(scores, clips, Path::new("clips.txt"))
    }

    #[test]
    fn the_worst_clip_comes_first_with_its_true_classes() {
        let scores = "fname,x,y,z\na b.wav,0.9,0.05,0.05\nc.wav,0.2,0.5,0.3\nd [1].wav,0.7,0.2,0.1\n";
        let clips = evaluated(scores, "a b.wav [0]\nc.wav [0]\nd [1].wav [1]\n").unwrap();
        let worst = worst_clips(&clips, &[], None).unwrap();
        assert_eq!(
            worst.iter().map(|w| w.file.as_str()).collect::<Vec<_>>(),
            ["c.wav", "d [1].wav"]
        );
        assert_eq!(worst[0].truth, ["x"]);
        assert_eq!(worst[0].predictions[0].class, "y");
        assert_eq!(
            worst[0].note,
            "lwlrap 0.333; the best true class comes at rank 3 of 3"
        );
        let confusion = confusion(&clips).unwrap().expect("one label per clip");
        assert_eq!(confusion.counts(), [vec![1, 1, 0], vec![1, 0, 0], vec![0, 0, 0]]);
    }

    #[test]
    fn names_may_have_line_breaks() {
        let text = "a\nb [1]/0.wav [0]\nc\r/0.wav [1, 2]\n\nd.wav []\n";
        let clips = parse_clips(text, Path::new("clips.txt")).unwrap();
        let wanted = [
            ("a\nb [1]/0.wav", vec![0]),
            ("c\r/0.wav", vec![1, 2]),
            ("\nd.wav", vec![]),
        ];
        assert_eq!(clips, HashMap::from(wanted));
    }

    #[test]
    fn several_labels_have_no_confusion() {
        let clips = evaluated(
            "fname,x,y,z\na.wav,0.9,0.8,0.1\nb.wav,0.1,0.2,0.3\n",
            "a.wav [0, 1]\nb.wav [1]\n",
        )
        .unwrap();
        assert!(confusion(&clips).unwrap().is_none());
        let worst = worst_clips(&clips, &[], None).unwrap();
        assert_eq!(
            (worst.len(), worst[0].note.as_str()),
            (1, "lwlrap 0.500; the best true class comes at rank 2 of 3")
        );
    }

    #[test]
    fn folds_are_pooled_where_their_classes_agree() {
        let one = evaluated("fname,x,y\na.wav,0.9,0.1\n", "a.wav [0]\n").unwrap();
        let two = evaluated(
            "fname,x,y\nb.wav,0.8,0.2\nc.wav,0.4,0.6\n",
            "b.wav [1]\nc.wav [1]\n",
        )
        .unwrap();
        let turned = evaluated("fname,y,x\nb.wav,0.8,0.2\n", "b.wav [1]\n").unwrap();
        let run = |name: &str, clips: &Aligned| (PathBuf::from(name), clips.clone());
        let runs = |other: &Aligned| [run("fold-1", &one), run("fold-2", other)];
        let clips = pooled(&runs(&two)).unwrap();
        assert_eq!(clips.files(), ["a.wav", "b.wav", "c.wav"]);
        let confusion = confusion(&clips).unwrap().expect("one label per clip");
        assert_eq!(confusion.counts(), [vec![1, 0], vec![1, 1]]);
        let worst = worst_clips(&clips, &[1, 2, 2], None).unwrap();
        assert_eq!(
            worst[0].note,
            "fold 2; lwlrap 0.500; the best true class comes at rank 2 of 2"
        );
        let refused = pooled(&runs(&turned)).unwrap_err().to_string();
        assert!(refused.starts_with("fold-2: its classes differ"), "{refused}");
        assert!(pooled(&runs(&one)).is_err(), "a clip in two folds");
    }

    #[test]
    fn clips_that_do_not_fit_are_refused_by_name() {
        let refused = |clips| {
            evaluated("fname,x\na.wav,0.5\n", clips)
                .err()
                .map(|e| e.to_string())
                .unwrap()
        };
        assert!(refused("b.wav [0]\n").contains("\"a.wav\" is not listed"));
        assert!(refused("a.wav [1]\n").contains("a label 1 of 1 class;"));
        assert!(refused("a.wav 0\n").contains("clips.txt:1"));
    }
}
