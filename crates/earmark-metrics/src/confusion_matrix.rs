//! Which class was predicted for which, where every clip has exactly one label.

use earmark_core::ConfigError;
use serde::Serialize;

use crate::mean::mean;
use crate::{Aligned, DecisionCounts, Result, top_k};

/// Counts of (true class, predicted class).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfusionMatrix {
    classes: Vec<String>,
    /// `[true, predicted]`.
    counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// An empty matrix.
    pub fn new(classes: Vec<String>) -> Self {
        let counts = vec![vec![0; classes.len()]; classes.len()];
        Self { classes, counts }
    }

    /// Counts one clip of class `truth` that was predicted as class `predicted`, both from 0.
    ///
    /// # Errors
    /// A class past the end.
    pub fn add(&mut self, truth: usize, predicted: usize) -> Result<()> {
        let cell = self.counts.get_mut(truth).and_then(|row| row.get_mut(predicted));
        *cell.ok_or_else(|| class_past_the_end(truth.max(predicted)))? += 1;
        Ok(())
    }

    /// Class names, one per row and column.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Counts, `[true class][predicted class]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Share of the clips on the diagonal; `None` without clips.
    pub fn accuracy(&self) -> Option<f64> {
        let all: u64 = self.counts.iter().flatten().sum();
        let diagonal = self.counts.iter().enumerate().map(|(class, row)| row[class]);
        let right: u64 = diagonal.sum();
        (all > 0).then(|| right as f64 / all as f64)
    }

    /// The decisions of a class (from 0) where the highest score decides, counted: their precision, recall and F1 are those of
    /// scikit-learn's `classification_report`. All 0 past the end.
    pub fn decisions(&self, class: usize) -> DecisionCounts {
        let Some(&right) = self.counts.get(class).and_then(|row| row.get(class)) else {
            return DecisionCounts::default();
        };
        let all: u64 = self.counts.iter().flatten().sum();
        let of_class: u64 = self.counts[class].iter().sum();
        let predicted: u64 = self.counts.iter().map(|row| row[class]).sum();
        DecisionCounts {
            true_positives: right,
            false_positives: predicted - right,
            false_negatives: of_class - right,
            true_negatives: all + right - of_class - predicted,
        }
    }

    /// Mean recall of the classes that occur, so that rare classes count as much as common ones, as scikit-learn's
    /// `balanced_accuracy_score`; `None` without clips.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean(self.counts.iter().enumerate().filter_map(|(class, row)| {
            let clips: u64 = row.iter().sum();
            (clips > 0).then(|| row[class] as f64 / clips as f64)
        }))
    }
}

impl Aligned {
    /// True class against the class with the highest score; clips without a label are left out.
    ///
    /// # Errors
    /// A clip with several labels.
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        let mut matrix = ConfusionMatrix::new(self.classes().to_vec());
        for ((scores, _), label) in self.rows().zip(self.single_labels()?) {
            if let (Some(label), Some(&predicted)) = (label, top_k(scores, 1).first()) {
                matrix.add(label, predicted)?;
            }
        }
        Ok(matrix)
    }
}

/// The error for a class index that no class has.
pub(crate) fn class_past_the_end(class: usize) -> ConfigError {
    ConfigError::new("class index", class, "must be below the number of classes")
}
