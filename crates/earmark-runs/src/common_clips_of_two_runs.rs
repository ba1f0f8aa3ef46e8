//! The clips that two runs were both evaluated on, for `earmark runs --compare` and `earmark report --compare`.

use crate::experiment_log::step_evaluations;
use crate::page_data::{PageError, pooled, read_evaluated};
use crate::run_dir::{RunDir, RunError, best_step, fold_runs};
use earmark_engine::evaluation::scores_path;
use earmark_metrics::{Aligned, MetricsError, ScoreTable};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Why runs can't be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One of them can't be opened.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its scores or test clips can't be read.
    #[error(transparent)]
    Scores(#[from] PageError),
    /// Scores that a metric refuses.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// It has not been evaluated.
    #[error(
        "{}: its best weights have not been evaluated; run `earmark eval {0}`, or train with --folds", run.display()
    )]
    NotEvaluated {
        /// The run.
        run: PathBuf,
    },
    /// They have different classes or labels, or no clip in common.
    #[error("{a} and {b}: {problem}; compare runs that were evaluated on the same clips")]
    Incomparable {
        /// The first.
        a: String,
        /// The second.
        b: String,
        /// What differs.
        problem: String,
    },
}

/// The test clips of a run or cross-validation run.
#[derive(Debug)]
pub struct EvaluatedRun {
    /// Scores with the truth that they were evaluated against.
    pub aligned: Aligned,
    /// Whether its scores are of clips that it was trained on or chosen by.
    pub optimistic: bool,
}

/// The scores of a run's best weights for its test clips; those of all folds for a cross-validation run.
///
/// # Errors
/// A run that can't be opened or has not been evaluated.
pub fn evaluated_run(path: &Path) -> Result<EvaluatedRun, CompareError> {
    let mut runs: Vec<PathBuf> = fold_runs(path)?.into_iter().map(|(_, run)| run).collect();
    if runs.is_empty() {
        runs.push(path.into());
    }
    let (mut evaluated, mut optimistic) = (Vec::new(), false);
    for run in runs {
        let head = RunDir::open_any(&run)?;
        let step = best_step(&run)?;
        let (steps, _) = step_evaluations(&head.eval());
        let noted = steps
            .iter()
            .any(|e| e.step == step && e.optimistic_note().is_some());
        optimistic |= head.info.optimistic || noted;
        if !scores_path(&head.eval(), step).is_file() {
            return Err(CompareError::NotEvaluated { run });
        }
        let clips = read_evaluated(&head.eval(), step)?;
        evaluated.push((run, clips));
    }
    let aligned = pooled(&evaluated)?;
    Ok(EvaluatedRun { aligned, optimistic })
}

/// Both restricted to their common clips, in one order, with the classes of the first; and how many clips only one of
/// them has.
///
/// # Errors
/// Different classes, different labels of a clip, or no clip in common.
pub fn common_clips(
    (name_a, a): (&str, &Aligned),
    (name_b, b): (&str, &Aligned),
) -> Result<(Aligned, Aligned, usize), CompareError> {
    let refuse = |problem: String| {
        let (a, b) = (name_a.to_owned(), name_b.to_owned());
        CompareError::Incomparable { a, b, problem }
    };
    let column = |class: &String| b.classes().iter().position(|other| other == class);
    let columns: Option<Vec<usize>> = a.classes().iter().map(column).collect();
    let Some(columns) = columns.filter(|c| c.len() == b.classes().len()) else {
        return Err(refuse("their classes differ".into()));
    };
    let rows: HashMap<&str, (&[f32], &[bool])> = b.files().iter().map(String::as_str).zip(b.rows()).collect();
    let (mut files, mut truth) = (Vec::new(), Vec::new());
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (file, (scores, marks)) in a.files().iter().zip(a.rows()) {
        let Some((others, other_marks)) = rows.get(file.as_str()) else {
            continue;
        };
        let mut pairs = columns.iter().zip(marks);
        if pairs.any(|(&column, mark)| other_marks[column] != *mark) {
            return Err(refuse(format!("the labels of {file} differ")));
        }
        files.push(file.clone());
        truth.extend_from_slice(marks);
        first.extend_from_slice(scores);
        second.extend(columns.iter().map(|&column| others[column]));
    }
    if files.is_empty() {
        return Err(refuse("no clip was evaluated in both".into()));
    }
    let alone = a.files().len() + b.files().len() - 2 * files.len();
    let of = |values| -> Result<Aligned, CompareError> {
        let table = ScoreTable::new(files.clone(), a.classes().to_vec(), values)?;
        Ok(Aligned::from_rows(table, truth.clone())?)
    };
    Ok((of(first)?, of(second)?, alone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(files: &[&str], classes: &[&str], values: &[f32], truth: &[bool]) -> Aligned {
        let names = |n: &[&str]| n.iter().map(|s| (*s).to_owned()).collect();
        Aligned::from_rows(
            ScoreTable::new(names(files), names(classes), values.to_vec()).unwrap(),
            truth.to_vec(),
        )
        .unwrap()
    }

    #[test]
    fn clips_and_classes_are_brought_into_one_order() {
        let a = aligned(
            &["1", "2", "3"],
            &["x", "y"],
            &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            &[true, false, false, true, true, false],
        );
        let b = aligned(
            &["3", "1", "4"],
            &["y", "x"],
            &[0.7, 0.8, 0.9, 1.0, 0.0, 0.1],
            &[false, true, false, true, true, false],
        );
        let (first, second, alone) = common_clips(("a", &a), ("b", &b)).unwrap();
        assert_eq!((first.files(), alone), (&["1".to_owned(), "3".to_owned()][..], 2));
        let rows = |a: &Aligned| a.rows().flat_map(|(s, _)| s.to_vec()).collect::<Vec<_>>();
        assert_eq!(rows(&first), [0.1, 0.2, 0.5, 0.6]);
        assert_eq!(rows(&second), [1.0, 0.9, 0.8, 0.7]);
        let other = aligned(&["1"], &["x", "y"], &[0.1, 0.2], &[false, true]);
        assert!(
            common_clips(("a", &a), ("b", &other))
                .unwrap_err()
                .to_string()
                .contains("the labels of 1 differ")
        );
        let none = aligned(&["9"], &["x", "y"], &[0.1, 0.2], &[false, true]);
        assert!(common_clips(("a", &a), ("b", &none)).is_err());
        let classes = aligned(&["1"], &["x"], &[0.1], &[true]);
        assert!(common_clips(("a", &a), ("b", &classes)).is_err());
    }
}
