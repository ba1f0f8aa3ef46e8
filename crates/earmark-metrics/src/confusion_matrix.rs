//! Which class was predicted for which, where every clip has exactly one label.

use earmark_core::ConfigError;
use serde::Serialize;

use crate::mean::mean;
use crate::{Aligned, MetricsError, Result, top_k};

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

    /// Mean recall of the classes that occur, so that rare classes count as much as common ones, as scikit-learn's
    /// `balanced_accuracy_score`; `None` without clips.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean(self.counts.iter().enumerate().filter_map(|(class, row)| {
            let clips: u64 = row.iter().sum();
            (clips > 0).then(|| row[class] as f64 / clips as f64)
        }))
    }

    /// The mistakes, most frequent first: (true class, predicted class, count), ties in class order.
    pub fn mistakes(&self) -> Vec<(&str, &str, u64)> {
        let mut mistakes: Vec<(&str, &str, u64)> = Vec::new();
        for (truth, row) in self.counts.iter().enumerate() {
            for (predicted, &count) in row.iter().enumerate() {
                if truth != predicted && count > 0 {
                    mistakes.push((&self.classes[truth], &self.classes[predicted], count));
                }
            }
        }
        mistakes.sort_by_key(|&(_, _, count)| std::cmp::Reverse(count));
        mistakes
    }
}

impl Aligned {
    /// True class against the class with the highest score; clips without a label are left out.
    ///
    /// # Errors
    /// A clip with several labels.
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        let mut matrix = ConfusionMatrix::new(self.classes().to_vec());
        for (file, (scores, truth)) in self.files().iter().zip(self.rows()) {
            let labels: Vec<usize> = (0..truth.len()).filter(|&class| truth[class]).collect();
            match (labels.as_slice(), top_k(scores, 1).first()) {
                ([], _) | (_, None) => {}
                (&[label], Some(&predicted)) => matrix.add(label, predicted)?,
                (several, _) => {
                    return Err(MetricsError::NotSingleLabel {
                        file: file.clone(),
                        labels: several.len(),
                    });
                }
            }
        }
        Ok(matrix)
    }
}

/// The error for a class index that no class has.
pub(crate) fn class_past_the_end(class: usize) -> ConfigError {
    ConfigError::new("class index", class, "must be below the number of classes")
}
