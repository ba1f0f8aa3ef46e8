//! Horizontal bars with names: counts or scores of classes.

use super::{CLASS, WIDTH, heading, legend};
use crate::svg::{Anchor, Svg, colour, text_width};
use crate::table::ellipsize;
use crate::{Chart, human_count, score};
use unicode_width::UnicodeWidthStr;

/// Distance from row to row.
const ROW: f64 = 24.0;
/// Longest name that is shown whole.
const NAME_COLUMNS: usize = 24;

/// One row: a name and one value a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarRow {
    /// Name at the left.
    pub name: String,
    /// One value a group, laid end to end. Missing, negative and not finite values take no room.
    pub values: Vec<f64>,
}

/// Bars for named things, one below the other, in the order given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarChart {
    /// What the chart shows.
    pub title: String,
    /// What the length means, with its unit.
    pub label: String,
    /// Names of the groups that a bar is made of; one name or none draws plain bars without a legend.
    pub groups: Vec<String>,
    /// The bars.
    pub rows: Vec<BarRow>,
    /// Value of a bar of full length; `None` takes the longest bar.
    pub full: Option<f64>,
}

impl BarChart {
    /// Draws the chart; its height follows the number of rows.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::new();
        let mut top = heading(&mut svg, &self.title, &self.label);
        if self.groups.len() > 1 {
            top = legend(&mut svg, top + 16.0, &self.groups) + 4.0;
        }
        let length = |v: f64| if v.is_finite() { v.max(0.0) } else { 0.0 };
        let total = |row: &BarRow| row.values.iter().map(|v| length(*v)).sum::<f64>();
        let longest = self.rows.iter().map(total).fold(0.0, f64::max);
        let full = self.full.filter(|f| f.is_finite() && *f > 0.0).unwrap_or(longest);
        // Losing a hundred-thousandth to infinity is better than dividing by it.
        let full = if full > 0.0 { full.min(1e300) } else { 1.0 };
        let widest = self
            .rows
            .iter()
            .map(|r| r.name.width().min(NAME_COLUMNS))
            .max()
            .unwrap_or(0);
        let left = text_width(&"x".repeat(widest)) + 20.0;
        let number = |row: &BarRow| {
            let values = || row.values.iter().filter(|v| v.is_finite());
            match values().sum::<f64>() {
                _ if values().count() == 0 => "–".to_owned(),
                sum if values().all(|v| v.fract() == 0.0 && *v >= 0.0) && sum < 1e15 => {
                    human_count(sum as u64)
                }
                sum => score(sum),
            }
        };
        let room = self
            .rows
            .iter()
            .map(|r| text_width(&number(r)))
            .fold(0.0, f64::max)
            + 10.0;
        let unit = (WIDTH - left - room).max(40.0) / full;
        for (i, row) in self.rows.iter().enumerate() {
            let middle = top + 16.0 + i as f64 * ROW;
            svg.text(
                "k",
                (left - 10.0, middle + 4.5),
                Anchor::End,
                &ellipsize(&row.name, NAME_COLUMNS),
            );
            let mut x = left;
            for (g, value) in row.values.iter().enumerate().filter(|(_, v)| length(**v) > 0.0) {
                let width = (length(*value) * unit).min(WIDTH - x);
                let text = if value.fract() == 0.0 && *value < 1e15 {
                    human_count(*value as u64)
                } else {
                    score(*value)
                };
                let tip = match self.groups.get(g) {
                    Some(group) => format!("{}, {group}: {text}", row.name),
                    None => format!("{}: {text}", row.name),
                };
                svg.rect(
                    &format!("{} seg", colour(g)),
                    (x, middle - 8.0),
                    (width, 16.0),
                    &tip,
                );
                x += width;
            }
            svg.text("", (x + 6.0, middle + 4.5), Anchor::Start, &number(row));
        }
        svg.line(
            "axis",
            (left, top + 2.0),
            (left, top + 6.0 + self.rows.len() as f64 * ROW),
        );
        svg.finish(
            CLASS,
            (WIDTH, top + 12.0 + self.rows.len() as f64 * ROW),
            &self.title,
        )
    }
}
