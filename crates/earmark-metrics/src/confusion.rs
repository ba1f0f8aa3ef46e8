//! What was taken for what, where every clip has exactly one label.

use serde::Serialize;

use crate::aligned::mean;
use crate::{MetricsError, Result};

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

    /// Counts one clip of class `truth` that was taken for class `predicted`, both from 0.
    ///
    /// # Errors
    /// A class past the end.
    pub fn add(&mut self, truth: usize, predicted: usize) -> Result<()> {
        let cell = self
            .counts
            .get_mut(truth)
            .and_then(|row| row.get_mut(predicted))
            .ok_or_else(|| MetricsError::Option {
                option: "class index",
                value: truth.max(predicted).to_string(),
                remedy: "it must be below the number of classes",
            })?;
        *cell += 1;
        Ok(())
    }

    /// Class names, one a row and one a column.
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
        let right: u64 = self
            .counts
            .iter()
            .enumerate()
            .map(|(class, row)| row[class])
            .sum();
        (all > 0).then(|| right as f64 / all as f64)
    }

    /// Mean over the classes that occur of their share found, so that rare classes count as much as common ones, as
    /// scikit-learn's `balanced_accuracy_score`; `None` without clips.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean(self.counts.iter().enumerate().filter_map(|(class, row)| {
            let clips: u64 = row.iter().sum();
            (clips > 0).then(|| row[class] as f64 / clips as f64)
        }))
    }

    /// The mistakes, commonest first: (true class, predicted class, count), ties in class order.
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
