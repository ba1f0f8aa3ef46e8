//! Horizontal bars with names: counts or scores of classes.

use super::frame::{CLASS, WIDTH, heading, legend};
use crate::Chart;
use crate::svg::{Anchor, Svg, colour, text_width};
use crate::terminal::table::ellipsize;
use earmark_core::human::{human_count, score};
use unicode_width::UnicodeWidthStr;

/// Distance from row to row.
const ROW: f64 = 24.0;
/// Longest name that is shown whole.
const NAME_COLUMNS: usize = 24;

/// One row: a name and one value per group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarRow {
    /// Name to the left of the bar.
    pub name: String,
    /// One value per group, drawn end to end. Missing, negative and not finite values take no room.
    pub values: Vec<f64>,
}

/// One bar per name, in the given order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarChart {
    /// What the chart shows.
    pub title: String,
    /// Names of the groups that a bar is made of; one name or none draws plain bars without a legend.
    pub groups: Vec<String>,
    /// The bars.
    pub rows: Vec<BarRow>,
}

impl BarChart {
    /// Draws the chart; its height follows the number of rows.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let mut top = heading(&mut svg, &self.title, "");
        if self.groups.len() > 1 {
            top = legend(&mut svg, top + 16.0, &self.groups) + 4.0;
        }
        let names = self.rows.iter().map(|row| row.name.width().min(NAME_COLUMNS));
        let left = text_width(&"x".repeat(names.max().unwrap_or(0))) + 20.0;
        let totals = self.rows.iter().map(|row| text_width(&row.total_text()));
        let room = totals.fold(0.0, f64::max) + 10.0;
        let unit = (WIDTH - left - room).max(40.0) / self.longest();
        for (i, row) in self.rows.iter().enumerate() {
            let middle = top + 16.0 + i as f64 * ROW;
            let name = ellipsize(&row.name, NAME_COLUMNS);
            svg.text("k", (left - 10.0, middle + 4.5), Anchor::END, &name);
            let end = self.draw_bar(&mut svg, row, (left, middle), unit);
            svg.text("", (end + 6.0, middle + 4.5), Anchor::START, &row.total_text());
        }
        let below = top + self.rows.len() as f64 * ROW;
        svg.line("axis", (left, top + 2.0), (left, below + 6.0));
        svg.finish(CLASS, (WIDTH, below + 12.0), &self.title)
    }

    /// Value of the longest bar: a positive number.
    fn longest(&self) -> f64 {
        let total = |row: &BarRow| row.values.iter().map(|v| length(*v)).sum::<f64>();
        let longest = self.rows.iter().map(total).fold(0.0, f64::max);
        // Losing a hundred-thousandth to infinity is better than dividing by it.
        if longest > 0.0 { longest.min(1e300) } else { 1.0 }
    }

    /// One bar from its left end, the values of the groups end to end; returns where it ends.
    fn draw_bar(&self, svg: &mut Svg, row: &BarRow, (left, middle): (f64, f64), unit: f64) -> f64 {
        let mut x = left;
        for (g, value) in row.values.iter().enumerate().filter(|(_, v)| length(**v) > 0.0) {
            let width = (length(*value) * unit).min(WIDTH - x);
            let tip = match self.groups.get(g) {
                Some(group) => format!("{}, {group}: {}", row.name, value_text(*value)),
                None => format!("{}: {}", row.name, value_text(*value)),
            };
            let class = format!("{} seg", colour(g));
            svg.rect(&class, (x, middle - 8.0), (width, 16.0), &tip);
            x += width;
        }
        x
    }
}

impl BarRow {
    /// The sum of the values; a dash without any.
    fn total_text(&self) -> String {
        let values: Vec<f64> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        let sum = values.iter().sum::<f64>();
        match values.is_empty() {
            true => "–".to_owned(),
            false if values.iter().all(|v| v.fract() == 0.0 && *v >= 0.0) => value_text(sum),
            false => score(sum),
        }
    }
}

/// How much room a value takes: negative and not finite values take none.
fn length(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

/// A count or a score.
fn value_text(value: f64) -> String {
    whole(value).unwrap_or_else(|| score(value))
}

/// A whole number that is not negative, with its thousands marked.
pub(crate) fn whole(value: f64) -> Option<String> {
    (value.fract() == 0.0 && (0.0..1e15).contains(&value)).then(|| human_count(value as u64))
}
