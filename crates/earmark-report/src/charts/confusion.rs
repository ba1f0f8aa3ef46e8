//! ConfusionChart matrices: which class was predicted as which.

use crate::svg::{Anchor, Svg, text_width};
use crate::terminal::table::ellipsize;
use crate::{Chart, ReportError};
use earmark_core::human::human_count;
use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

/// Counts of (true class, predicted class), checked to be square.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct ConfusionChart(Unchecked);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Unchecked {
    classes: Vec<String>,
    counts: Vec<Vec<u64>>,
}

impl ConfusionChart {
    /// A chart of `counts[true][predicted]`, both in the order of `classes`.
    ///
    /// # Errors
    /// For counts that are not square over the classes.
    pub fn new(classes: Vec<String>, counts: Vec<Vec<u64>>) -> Result<Self, ReportError> {
        Unchecked { classes, counts }.try_into()
    }

    /// `[true][predicted]`.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.0.counts
    }

    /// The most frequent mistakes: (true, predicted, count, share of the true class), most frequent first, ties in class
    /// order, at most `limit`.
    pub(crate) fn worst_pairs(&self, limit: usize) -> Vec<(&str, &str, u64, f64)> {
        let class = |i: usize| self.0.classes[i].as_str();
        let mut pairs = Vec::new();
        for (t, row) in self.0.counts.iter().enumerate() {
            let total: f64 = row.iter().map(|c| *c as f64).sum();
            for (p, count) in row.iter().enumerate().filter(|(p, c)| *p != t && **c > 0) {
                pairs.push((class(t), class(p), *count, *count as f64 / total));
            }
        }
        pairs.sort_by(|a, b| b.2.cmp(&a.2).then(b.3.total_cmp(&a.3))); // stable: ties stay in class order
        pairs.truncate(limit);
        pairs
    }

    /// The matrix as coloured cells: rows are true classes, columns predicted ones, colour is the share of the row. Blue is
    /// right, red is wrong. Counts are written into the cells as far as they fit, and always shown under the pointer.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let classes = &self.0.classes;
        let cell = match classes.len() {
            0..=12 => 34.0,
            13..=24 => 26.0,
            25..=45 => 20.0,
            _ => 16.0,
        };
        let widest = classes.iter().map(|c| c.width().min(24)).max().unwrap_or(0) as f64;
        let (left, above) = (widest * 6.6 + 16.0, 24.0 + widest * 5.9 + 8.0);
        let side = cell * classes.len() as f64;
        let mut svg = Svg::default();
        svg.text("k", (left, 14.0), Anchor::Start, "predicted as →");
        svg.text("k", (left - 8.0, above - 6.0), Anchor::End, "true ↓");
        for (i, class) in classes.iter().enumerate() {
            let (at, name) = (i as f64 * cell, ellipsize(class, 24));
            svg.rising_text("lab", (left + at + cell / 2.0 + 5.0, above - 6.0), &name);
            svg.text(
                "lab",
                (left - 8.0, above + at + cell / 2.0 + 4.0),
                Anchor::End,
                &name,
            );
        }
        for i in 0..=classes.len() {
            let at = i as f64 * cell;
            svg.line("grid", (left, above + at), (left + side, above + at));
            svg.line("grid", (left + at, above), (left + at, above + side));
        }
        for (t, row) in self.0.counts.iter().enumerate() {
            for (p, count) in row.iter().enumerate().filter(|(_, c)| **c > 0) {
                let corner = (left + p as f64 * cell + 0.5, above + t as f64 * cell + 0.5);
                self.draw_cell(&mut svg, (t, p), *count, corner, cell);
            }
        }
        // The last rising name sticks out to the right by its height.
        let size = (left + side + widest * 3.4 + 12.0, above + side + 8.0);
        svg.finish("em matrix", size, "confusion matrix")
    }

    fn draw_cell(&self, svg: &mut Svg, (t, p): (usize, usize), count: u64, corner: (f64, f64), side: f64) {
        let total: f64 = self.0.counts[t].iter().map(|c| *c as f64).sum();
        let share = count as f64 / total;
        let (truth, predicted) = (&self.0.classes[t], &self.0.classes[p]);
        let (class, what) = match t == p {
            true => ("c0", format!("{truth} predicted right")),
            false => ("c6", format!("{truth} predicted as {predicted}")),
        };
        let of = human_count(total as u64);
        let tip = format!("{what}: {} of {of} ({:.0} %)", human_count(count), share * 100.0);
        // A single mistake among a thousand must still be seen.
        svg.shaded_square(class, corner, side - 1.0, 0.15 + 0.85 * share, &tip);
        let text = count.to_string();
        if text_width(&text) * 0.68 <= side - 2.0 {
            let middle = (corner.0 + side / 2.0 - 0.5, corner.1 + side / 2.0 + 3.2);
            svg.text(if share > 0.5 { "w" } else { "n" }, middle, Anchor::Middle, &text);
        }
    }
}

impl TryFrom<Unchecked> for ConfusionChart {
    type Error = ReportError;

    fn try_from(matrix: Unchecked) -> Result<Self, ReportError> {
        let (classes, counts) = (&matrix.classes, &matrix.counts);
        let ragged = counts.iter().position(|row| row.len() != classes.len());
        let what = match ragged {
            _ if counts.len() != classes.len() => format!("found {} rows", counts.len()),
            Some(i) => format!("row {i} ({:?}) has {} counts", classes[i], counts[i].len()),
            None => return Ok(Self(matrix)),
        };
        Err(ReportError::ConfusionShape {
            classes: classes.len(),
            what,
        })
    }
}

impl From<ConfusionChart> for Unchecked {
    fn from(chart: ConfusionChart) -> Self {
        chart.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> ConfusionChart {
        let classes = ["Bark", "Meow", "Moo"].map(str::to_owned).to_vec();
        ConfusionChart::new(classes, vec![vec![8, 2, 0], vec![1, 4, 0], vec![0, 2, 0]]).expect("square")
    }

    #[test]
    fn mistakes_come_most_frequent_first() {
        let confusion = small();
        // Two pairs with two each: the one that is a larger share of its class comes first.
        assert_eq!(
            confusion.worst_pairs(9),
            [
                ("Moo", "Meow", 2, 1.0),
                ("Bark", "Meow", 2, 0.2),
                ("Meow", "Bark", 1, 0.2)
            ]
        );
        assert_eq!(confusion.worst_pairs(1).len(), 1);
    }

    #[test]
    fn not_square_is_refused_with_the_place() {
        let classes = vec!["a".to_owned(), "b".to_owned()];
        let error = ConfusionChart::new(classes.clone(), vec![vec![1, 2], vec![3]])
            .expect_err("ragged")
            .to_string();
        assert!(
            error.contains("row 1 (\"b\") has 1 counts, expected 2 for 2 classes"),
            "{error}"
        );
        assert!(ConfusionChart::new(classes, vec![]).is_err());
        let json = r#"{"classes":["a"],"counts":[[1,2]]}"#;
        assert!(serde_json::from_str::<ConfusionChart>(json).is_err());
        let back =
            serde_json::to_string(&small()).and_then(|text| serde_json::from_str::<ConfusionChart>(&text));
        assert_eq!(back.expect("round trip"), small());
    }
}
