//! The frame of every page: head, sticky summary, sections, tables.

use crate::escape;
use crate::svg::CHART_CSS;
use std::fmt::Write;

const PAGE_CSS: &str = include_str!("assets/page.css");
const PAGE_JS: &str = include_str!("assets/page.js");

/// A page in the making. Strings named `html` are markup already; all others are text and get escaped here.
pub(crate) struct Page {
    title: String,
    kind: &'static str,
    numbers: Vec<[String; 3]>,
    sections: Vec<Section>,
}

struct Section {
    id: &'static str,
    title: String,
    html: String,
}

impl Page {
    /// `kind` says what sort of page it is: it stands above the title.
    pub fn new(kind: &'static str, title: &str) -> Self {
        let title = if title.trim().is_empty() {
            "untitled"
        } else {
            title
        };
        Self {
            title: title.to_owned(),
            kind,
            numbers: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// A number of the summary, which stays in view: name, value, and a hint below it (may be empty).
    pub fn number(&mut self, name: &str, value: &str, hint: &str) {
        self.numbers.push([name, value, hint].map(str::to_owned));
    }

    /// A section; one without content is left out, from the page and from its table of contents.
    pub fn section(&mut self, id: &'static str, title: &str, html: String) {
        if !html.is_empty() {
            self.sections.push(Section {
                id,
                title: title.to_owned(),
                html,
            });
        }
    }

    /// The whole page, well-formed as HTML and as XML.
    pub fn finish(self) -> String {
        let title = escape(&self.title);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/>\n\
             <title>{title} · earmark</title>\n<style>{CHART_CSS}{PAGE_CSS}</style>\n</head>\n<body>\n\
             <header class=\"top\">\n<div class=\"wrap\">\n<p class=\"kind\">{}</p>\n<h1>{title}</h1>\n</div>\n</header>\n",
            escape(self.kind)
        );
        out.push_str("<div class=\"bar\">\n<div class=\"wrap\">\n");
        if !self.numbers.is_empty() {
            out.push_str("<dl class=\"numbers\">");
            for [name, value, hint] in &self.numbers {
                let (name, value) = (escape(name), escape(value));
                let _ = write!(out, "<div><dt>{name}</dt><dd>{value}");
                if !hint.is_empty() {
                    let _ = write!(out, "<small>{}</small>", escape(hint));
                }
                out.push_str("</dd></div>");
            }
            out.push_str("</dl>\n");
        }
        if self.sections.len() > 1 {
            out.push_str("<nav>");
            for section in &self.sections {
                let _ = write!(out, "<a href=\"#{}\">{}</a>", section.id, escape(&section.title));
            }
            out.push_str("</nav>\n");
        }
        out.push_str("</div>\n</div>\n<main class=\"wrap\">\n");
        for Section { id, title, html } in &self.sections {
            let _ = write!(
                out,
                "<section id=\"{id}\">\n<h2>{}</h2>\n{html}\n</section>\n",
                escape(title)
            );
        }
        let _ = write!(
            out,
            "</main>\n<footer class=\"wrap\">Made by earmark. This page stands alone: it loads nothing.</footer>\n\
             <script>{PAGE_JS}</script>\n</body>\n</html>\n"
        );
        out
    }
}

/// Charts side by side, as many as fit.
pub(crate) fn grid(charts: &[crate::Chart]) -> String {
    if charts.is_empty() {
        return String::new();
    }
    let figures: String = charts
        .iter()
        .map(|c| format!("<figure class=\"card\">{}</figure>\n", c.inline()))
        .collect();
    format!("<div class=\"grid\">\n{figures}</div>")
}

/// Names and values, one pair a line.
pub(crate) fn facts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: String = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("<dl class=\"facts\">\n{lines}</dl>")
    }
}

/// A paragraph of explanation.
pub(crate) fn lead(text: &str) -> String {
    format!("<p class=\"lead\">{}</p>\n", escape(text))
}

/// A cell of a [`table`].
pub(crate) enum Cell {
    /// A name or a sentence.
    Text(String),
    /// A number as shown, and as sorted by (NaN comes last).
    Number(String, f64),
    /// A score between 0 and 1 with a bar behind it.
    Meter(f64),
    /// Markup.
    Html(String),
}

impl Cell {
    fn html(&self) -> String {
        match self {
            // Class names are long words joined by underscores: there they may break.
            Self::Text(text) => format!("<td>{}</td>", escape(text).replace('_', "_<wbr/>")),
            Self::Number(text, value) => {
                format!("<td class=\"num\"{}>{}</td>", sort_key(*value), escape(text))
            }
            Self::Meter(value) if value.is_finite() => {
                let percent = (value.clamp(0.0, 1.0) * 100.0).round();
                format!(
                    "<td class=\"num\"{}><span class=\"meter\" style=\"--v:{percent}%\">{value:.3}</span></td>",
                    sort_key(*value)
                )
            }
            Self::Meter(_) => "<td class=\"num\" data-v=\"\">–</td>".into(),
            Self::Html(html) => format!("<td>{html}</td>"),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Number(..) | Self::Meter(_))
    }
}

fn sort_key(value: f64) -> String {
    if value.is_finite() {
        format!(" data-v=\"{value}\"")
    } else {
        " data-v=\"\"".into()
    }
}

/// A table whose columns can be sorted where JavaScript runs, and which scrolls sideways where it is too wide.
///
/// The first column names the row.
pub(crate) fn table(headers: &[&str], rows: &[Vec<Cell>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = headers
        .iter()
        .enumerate()
        .map(|(i, h)| {
            let number = rows[0].get(i).is_some_and(Cell::is_number);
            format!(
                "<th scope=\"col\"{}>{}</th>",
                if number { " class=\"num\"" } else { "" },
                escape(h)
            )
        })
        .collect();
    let body: String = rows
        .iter()
        .map(|row| format!("<tr>{}</tr>\n", row.iter().map(Cell::html).collect::<String>()))
        .collect();
    format!(
        "<div class=\"scroll\"><table class=\"sortable\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>"
    )
}
