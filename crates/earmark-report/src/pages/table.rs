//! Tables of a page.

use earmark_core::human::human_count;
use maud::{Markup, PreEscaped, Render, html};

/// A cell of a [`table`]: its element, and whether it is a number.
pub(crate) struct TableCell(Markup, bool);

impl TableCell {
    /// A name or a sentence.
    pub fn text(text: &str) -> Self {
        // Class names are long words joined by underscores, after which lines may break.
        Self::markup(PreEscaped(html! { (text) }.0.replace('_', "_<wbr/>")))
    }

    pub fn markup(content: Markup) -> Self {
        Self(html! { td { (content) } }, false)
    }

    /// A number as shown, and as sorted by (NaN comes last).
    pub fn number(shown: impl Render, value: f64) -> Self {
        let sort_key = Some(value).filter(|v| v.is_finite()).map(|v| v.to_string());
        let cell = html! { td.num data-v=(sort_key.unwrap_or_default()) { (shown) } };
        Self(cell, true)
    }

    pub fn count(count: u64) -> Self {
        Self::number(human_count(count), count as f64)
    }

    /// A score between 0 and 1 with a bar behind it; a dash for one that does not exist.
    pub fn meter(score: Option<f64>) -> Self {
        let Some(score) = score.filter(|score| score.is_finite()) else {
            return Self::number("–", f64::NAN);
        };
        let percent = (score.clamp(0.0, 1.0) * 100.0).round();
        let bar = html! { span.meter style={ "--v:" (percent) "%" } { (format_args!("{score:.3}")) } };
        Self::number(bar, score)
    }
}

/// A table whose columns can be sorted where JavaScript runs, in a box of its own that moves sideways where the table is too wide;
/// nothing without rows. The first column names the row.
pub(crate) fn table(headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    in_box("table-box", headers, rows)
}

/// A [`table`] of many rows, whose box also moves up and down.
pub(crate) fn tall_table(headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    in_box("table-box tall", headers, rows)
}

fn in_box(class: &str, headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    let Some(first) = rows.first() else {
        return PreEscaped(String::new());
    };
    let class_of = |column: usize| first.get(column).is_some_and(|cell| cell.1).then_some("num");
    html! {
        div class=(class) {
            table.sortable {
                "\n" thead { tr {
                    @for (i, header) in headers.iter().enumerate() { th scope="col" class=[class_of(i)] { (header) } }
                } }
                "\n" tbody { "\n" @for row in rows { tr { @for cell in row { (cell.0) } } "\n" } }
                "\n"
            }
        }
    }
}
