//! Confusion matrices: which class was predicted as which.

use crate::svg::{Anchor, Svg, text_width};
use crate::terminal::table::ellipsize;
use crate::{Chart, ReportError};
use earmark_core::human::human_count;
use unicode_width::UnicodeWidthStr;

/// True class, predicted class, count, and clips of the true class.
type Cell = (usize, usize, u64, f64);

/// Counts of (true class, predicted class), checked to be square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionChart {
    classes: Vec<String>,
    counts: Vec<Vec<u64>>,
}

impl ConfusionChart {
    /// A chart of `counts[true][predicted]`, both in the order of `classes`.
    ///
    /// # Errors
    /// For counts that are not square over the classes.
    pub fn new(classes: Vec<String>, counts: Vec<Vec<u64>>) -> Result<Self, ReportError> {
        let ragged = counts.iter().position(|row| row.len() != classes.len());
        let what = match ragged {
            _ if counts.len() != classes.len() => format!("found {} rows", counts.len()),
            Some(i) => format!("row {i} ({:?}) has {} counts", classes[i], counts[i].len()),
            None => return Ok(Self { classes, counts }),
        };
        let classes = classes.len();
        Err(ReportError::ConfusionShape { classes, what })
    }

    /// Class names, one per row and column.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// `[true][predicted]`.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// The cells that are not empty.
    fn cells(&self) -> impl Iterator<Item = Cell> {
        self.counts.iter().enumerate().flat_map(|(t, row)| {
            let total: f64 = row.iter().map(|c| *c as f64).sum();
            let cells = row.iter().enumerate().filter(|(_, count)| **count > 0);
            cells.map(move |(p, count)| (t, p, *count, total))
        })
    }

    /// The most frequent mistakes: (true, predicted, count, share of the true class), most frequent first, ties in class
    /// order, at most `limit`.
    #[must_use]
    pub fn worst_pairs(&self, limit: usize) -> Vec<(&str, &str, u64, f64)> {
        let class = |i: usize| self.classes[i].as_str();
        let wrong = self.cells().filter(|(t, p, ..)| t != p);
        let pair = |(t, p, count, total): Cell| (class(t), class(p), count, count as f64 / total);
        let mut pairs: Vec<_> = wrong.map(pair).collect();
        pairs.sort_by(|a, b| b.2.cmp(&a.2).then(b.3.total_cmp(&a.3))); // stable: ties stay in class order
        pairs.truncate(limit);
        pairs
    }

    /// The matrix as coloured cells: rows are true classes, columns predicted ones, colour is the share of the row. Blue is
    /// right, red is wrong. Counts are written into the cells as far as they fit, and always shown under the pointer.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let classes = &self.classes;
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
        svg.text("k", (left, 14.0), Anchor::START, "predicted as →");
        svg.text("k", (left - 8.0, above - 6.0), Anchor::END, "true ↓");
        for (i, class) in classes.iter().enumerate() {
            let (at, name) = (i as f64 * cell, ellipsize(class, 24));
            let (column, row) = (left + at + cell / 2.0 + 5.0, above + at + cell / 2.0 + 4.0);
            svg.rising_text("lab", (column, above - 6.0), &name);
            svg.text("lab", (left - 8.0, row), Anchor::END, &name);
        }
        for i in 0..=classes.len() {
            let at = i as f64 * cell;
            svg.line("grid", (left, above + at), (left + side, above + at));
            svg.line("grid", (left + at, above), (left + at, above + side));
        }
        for (t, p, count, total) in self.cells() {
            let corner = (left + p as f64 * cell + 0.5, above + t as f64 * cell + 0.5);
            self.draw_cell(&mut svg, (t, p, count, total), corner, cell);
        }
        // The last rising name sticks out to the right by its height.
        let size = (left + side + widest * 3.4 + 12.0, above + side + 8.0);
        svg.finish("em matrix", size, "confusion matrix")
    }

    fn draw_cell(&self, svg: &mut Svg, (t, p, count, total): Cell, corner: (f64, f64), side: f64) {
        let share = count as f64 / total;
        let (truth, predicted) = (&self.classes[t], &self.classes[p]);
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
            svg.text(if share > 0.5 { "w" } else { "n" }, middle, Anchor::MIDDLE, &text);
        }
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
    }
}
