//! The classes that are shown of a window's scores.

use earmark::inference::ClassThresholds;

/// Which classes are shown, and how.
pub struct Labels {
    pub classes: Vec<String>,
    pub thresholds: ClassThresholds,
    /// Number of best classes to show.
    pub count: usize,
}

/// A class to show.
pub struct BestLabel<'a> {
    pub name: &'a str,
    pub score: f32,
    /// Whether the score reaches the class's threshold.
    pub detected: bool,
}

impl Labels {
    /// The best classes of these scores, best first.
    pub fn best(&self, scores: &[f32]) -> Vec<BestLabel<'_>> {
        let thresholds = self.thresholds.values();
        let best = earmark::metrics::top_k(scores, self.count).into_iter();
        let label = |class: usize| BestLabel {
            name: &self.classes[class],
            score: scores[class],
            detected: scores[class] >= thresholds[class],
        };
        best.map(label).collect()
    }

    /// Names of all classes that reach their thresholds, best first.
    pub fn detected(&self, scores: &[f32]) -> Vec<&str> {
        let reached = self.thresholds.reached(scores).into_iter();
        reached.map(|class| self.classes[class].as_str()).collect()
    }
}
