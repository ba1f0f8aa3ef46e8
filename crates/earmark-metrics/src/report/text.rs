//! A report for people: the lines of an evaluation file, and a table for a terminal.

use super::Report;
use crate::Interval;
use earmark_core::text::one_line;
use std::iter::once;

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
            text += &format!("Lwlrap({}) = {}\n", one_line(&class.name), value(class.lwlrap));
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
        let width = class_width(self.per_class.iter().map(|class| class.name.as_str()));
        let headers = ["clips", "lwlrap", "AP", "AUC", "prec.", "recall", "F1", "best at"];
        lines.push(class_row(width, "class", headers.map(str::to_owned)));
        for c in self.best_first() {
            let best_at = c.best_threshold.map(f64::from);
            let results = [c.lwlrap, c.ap, c.auc, c.precision, c.recall, c.f1, best_at];
            let cells = once(c.count.to_string()).chain(results.map(number));
            lines.push(class_row(width, &one_line(&c.name), cells));
        }
        let lines = lines.iter().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
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
            plain(&format!("MAP@{}", self.map.k), self.map.value),
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
        let notes = [
            (self.skipped, "without a label"),
            (self.extra, "scored but without truth, not evaluated"),
            (self.ignored_labels, "true labels without a score column, ignored"),
            (
                self.classes_without_clips,
                "classes without a clip, left out of means",
            ),
        ];
        let notes = notes.iter().filter(|(count, _)| *count > 0);
        let notes: Vec<String> = notes.map(|(count, what)| format!("{count} {what}")).collect();
        match notes.join("; ") {
            notes if notes.is_empty() => notes,
            notes => format!("  ({notes})"),
        }
    }
}

/// Width of a column of classes, by their names.
pub(super) fn class_width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    let widths = names.map(|name| one_line(name).chars().count());
    widths.max().unwrap_or(0).max("class".len())
}

/// One line of the table of classes.
fn class_row(name_width: usize, name: &str, cells: impl IntoIterator<Item = String>) -> String {
    let cells = cells.into_iter().zip([6, 8, 8, 8, 8, 8, 8, 9]);
    let cells: String = cells.map(|(cell, width)| format!(" {cell:>width$}")).collect();
    format!("{name:<name_width$}{cells}")
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
