//! A report for people: the lines of an evaluation file, and an aligned table.

use std::fmt::Write;

use crate::{Interval, Report};

impl Report {
    /// The overall lwlrap, then one line a class, best first:
    ///
    /// ```text
    /// Lwlrap = 0.545900
    /// Lwlrap(Bicycle_bell) = 0.893735
    /// ```
    ///
    /// This is the form in which dcase2019-baseline publishes its results. A class that no clip carries reads `undefined`.
    pub fn lwlrap_lines(&self) -> String {
        let value =
            |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.6}"));
        let mut text = format!("Lwlrap = {}\n", value(self.lwlrap));
        for class in self.best_first() {
            text += &format!("Lwlrap({}) = {}\n", class.name, value(class.lwlrap));
        }
        text
    }

    /// The overall results and a table of the classes, best first, for a terminal. `-` is undefined.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let intervals = self.intervals.as_ref();
        for (name, value, note) in self.overall() {
            let range = match (name.as_str(), intervals) {
                ("lwlrap", Some(intervals)) => range(intervals.lwlrap, intervals.confidence),
                ("accuracy", Some(intervals)) => range(intervals.accuracy, intervals.confidence),
                _ => String::new(),
            };
            put(
                &mut text,
                &format!("{name:<18} {:>8}{range}{note}", number(value)),
            );
        }
        put(
            &mut text,
            &format!("{:<18} {:>8}{}", "clips", self.clips, self.asides()),
        );

        let width = self
            .per_class
            .iter()
            .map(|class| class.name.chars().count())
            .max()
            .unwrap_or(0)
            .max(5);
        put(&mut text, "");
        put(
            &mut text,
            &format!(
                "{:<width$} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
                "class", "clips", "lwlrap", "AP", "AUC", "prec.", "recall", "F1", "best at"
            ),
        );
        for class in self.best_first() {
            put(
                &mut text,
                &format!(
                    "{:<width$} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
                    class.name,
                    class.count,
                    number(class.lwlrap),
                    number(class.ap),
                    number(class.auc),
                    number(class.precision),
                    number(class.recall),
                    number(class.f1),
                    number(class.best_threshold.map(f64::from)),
                ),
            );
        }
        text
    }

    /// Name, value and note of the overall results.
    fn overall(&self) -> Vec<(String, Option<f64>, String)> {
        let tagged = format!("  (tagging what scores {} or more)", self.threshold);
        let plain = |name: &str, value| (name.to_owned(), value, String::new());
        vec![
            plain("lwlrap", self.lwlrap),
            plain(&format!("MAP@{}", self.map_at), self.map),
            plain("mAP", self.mean_ap),
            plain("mAP (micro)", self.micro_ap),
            plain("AUC", self.auc),
            plain("d'", self.d_prime),
            plain("accuracy", self.accuracy),
            plain("balanced accuracy", self.balanced_accuracy),
            ("F1 (micro)".into(), self.f1_micro, tagged),
            plain("F1 (macro)", self.f1_macro),
            plain("precision", self.precision),
            plain("recall", self.recall),
        ]
    }

    /// What the counts leave out, if anything.
    fn asides(&self) -> String {
        let notes: Vec<String> = [
            (self.skipped, "without a label"),
            (self.extra, "scored but without truth, not judged"),
            (self.ignored_labels, "true labels without a score column, ignored"),
            (
                self.classes_without_clips,
                "classes without a clip, left out of means",
            ),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        if notes.is_empty() {
            String::new()
        } else {
            format!("  ({})", notes.join("; "))
        }
    }
}

/// A result with four decimals; `-` for one that does not exist.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}

fn range(interval: Option<Interval>, confidence: f64) -> String {
    interval.map_or_else(String::new, |Interval { low, high }| {
        format!(
            "  ({low:.4} to {high:.4} at {} %)",
            (confidence * 1000.0).round() / 10.0
        )
    })
}

/// One line. Writing to a `String` cannot fail.
fn put(text: &mut String, line: &str) {
    let _ = writeln!(text, "{}", line.trim_end());
}
