//! Tables of a page.

use earmark_core::human::human_count;
use maud::{Markup, PreEscaped, html};

/// A cell of a [`table`].
pub(crate) enum TableCell {
    /// A name or a sentence.
    Text(String),
    /// A number as shown, and as sorted by (NaN comes last).
    Number(String, f64),
    /// A score between 0 and 1 with a bar behind it; NaN is a dash.
    Meter(f64),
    /// Markup.
    Markup(Markup),
}

impl TableCell {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn count(count: u64) -> Self {
        Self::Number(human_count(count), count as f64)
    }

    pub fn meter(score: Option<f64>) -> Self {
        Self::Meter(score.unwrap_or(f64::NAN))
    }

    fn markup(&self) -> Markup {
        let sort_key = |value: f64| {
            if value.is_finite() {
                value.to_string()
            } else {
                String::new()
            }
        };
        match self {
            // Class names are long words joined by underscores, after which lines may break.
            Self::Text(text) => {
                html! { td { (PreEscaped(html! { (text) }.0.replace('_', "_<wbr/>"))) } }
            }
            Self::Number(text, value) => html! { td.num data-v=(sort_key(*value)) { (text) } },
            Self::Meter(value) if value.is_finite() => {
                let percent = (value.clamp(0.0, 1.0) * 100.0).round();
                html! {
                    td.num data-v=(sort_key(*value)) {
                        span.meter style={ "--v:" (percent) "%" } { (format_args!("{value:.3}")) }
                    }
                }
            }
            Self::Meter(_) => html! { td.num data-v="" { "–" } },
            Self::Markup(markup) => html! { td { (markup) } },
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Number(..) | Self::Meter(_))
    }
}

/// A table whose columns can be sorted where JavaScript runs, and which scrolls sideways where it is too wide; nothing without
/// rows. The first column names the row.
pub(crate) fn table(headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    in_box("scroll", headers, rows)
}

/// A [`table`] of many rows, which also scrolls up and down.
pub(crate) fn tall_table(headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    in_box("scroll tall", headers, rows)
}

fn in_box(class: &str, headers: &[&str], rows: &[Vec<TableCell>]) -> Markup {
    let Some(first) = rows.first() else {
        return PreEscaped(String::new());
    };
    let class_of = |column: usize| {
        first
            .get(column)
            .is_some_and(TableCell::is_number)
            .then_some("num")
    };
    html! {
        div class=(class) {
            table.sortable {
                "\n" thead { tr {
                    @for (i, header) in headers.iter().enumerate() { th scope="col" class=[class_of(i)] { (header) } }
                } }
                "\n" tbody { "\n" @for row in rows { tr { @for cell in row { (cell.markup()) } } "\n" } }
                "\n"
            }
        }
    }
}
