//! A report for people: the lines of an evaluation file, and a table for a terminal.

use super::{ClassReport, Report};
use crate::Interval;

impl Report {
    /// The overall lwlrap, then one line per class, best first:
    ///
    /// ```text
    /// Lwlrap = 0.545900
    /// Lwlrap(Bicycle_bell) = 0.893735
    /// ```
    ///
    /// dcase2019-baseline publishes its results in this form. A class that no clip carries reads `undefined`.
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
        let mut lines = Vec::new();
        for (name, value, note) in self.overall() {
            lines.push(format!("{name:<18} {:>8}{note}", number(value)));
        }
        lines.push(format!("{:<18} {:>8}{}", "clips", self.clips, self.left_out()));
        lines.push(String::new());
        let names = self.per_class.iter().map(|class| class.name.chars().count());
        let width = names.max().unwrap_or(0).max(5);
        let headers = ["clips", "lwlrap", "AP", "AUC", "prec.", "recall", "F1", "best at"];
        lines.push(class_row(width, "class", headers.map(str::to_owned)));
        for class in self.best_first() {
            lines.push(class_row(width, &class.name, class_cells(class)));
        }
        lines
            .iter()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect()
    }

    /// Name, value and note of the overall results.
    fn overall(&self) -> Vec<(String, Option<f64>, String)> {
        let range = |interval: fn(&crate::Intervals) -> Option<Interval>| {
            let found = self.intervals.as_ref();
            found.map_or_else(String::new, |all| range(interval(all), all.confidence))
        };
        let tagged = format!("  (tagging scores of {} or more)", self.threshold);
        let plain = |name: &str, value| (name.to_owned(), value, String::new());
        vec![
            ("lwlrap".into(), self.lwlrap, range(|all| all.lwlrap)),
            plain(&format!("MAP@{}", self.map_at), self.map),
            plain("mAP", self.mean_ap),
            plain("mAP (micro)", self.micro_ap),
            plain("AUC", self.auc),
            plain("d'", self.d_prime),
            ("accuracy".into(), self.accuracy, range(|all| all.accuracy)),
            plain("balanced accuracy", self.balanced_accuracy),
            ("F1 (micro)".into(), self.f1_micro, tagged),
            plain("F1 (macro)", self.f1_macro),
            plain("precision", self.precision),
            plain("recall", self.recall),
        ]
    }

    /// What the results leave out, if anything.
    fn left_out(&self) -> String {
        let notes: Vec<String> = [
            (self.skipped, "without a label"),
            (self.extra, "scored but without truth, not evaluated"),
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

/// One line of the table of classes.
fn class_row(width: usize, name: &str, cells: [String; 8]) -> String {
    let [clips, lwlrap, ap, auc, precision, recall, f1, best_at] = cells;
    format!(
        "{name:<width$} {clips:>6} {lwlrap:>8} {ap:>8} {auc:>8} {precision:>8} {recall:>8} {f1:>8} {best_at:>9}"
    )
}

fn class_cells(class: &ClassReport) -> [String; 8] {
    [
        class.count.to_string(),
        number(class.lwlrap),
        number(class.ap),
        number(class.auc),
        number(class.precision),
        number(class.recall),
        number(class.f1),
        number(class.best_threshold.map(f64::from)),
    ]
}

/// A result with four decimals; `-` for an undefined one.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}

fn range(interval: Option<Interval>, confidence: f64) -> String {
    interval.map_or_else(String::new, |Interval { low, high }| {
        let percent = (confidence * 1000.0).round() / 10.0;
        format!("  ({low:.4} to {high:.4} at {percent} %)")
    })
}
