//! The frame of every page: head, key numbers that stay in view, sections.

use super::run_types::Fact;
use crate::escape::{escape, xml_safe};
use crate::{Chart, svg::CHART_CSS};
use maud::{Markup, PreEscaped, html};

const PAGE_CSS: &str = include_str!("page.css");
const PAGE_JS: &str = include_str!("page.js");

/// What maud writes as HTML only, in a form that is XML too.
const META: &str = r#"<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"/>
"#;

/// A page under construction.
pub(crate) struct Page {
    title: String,
    kind: &'static str,
    numbers: Vec<[String; 3]>,
    sections: Vec<(&'static str, &'static str, Markup)>,
}

impl Page {
    /// `kind` is what sort of page it is; it is shown above the title.
    pub fn new(kind: &'static str, title: &str) -> Self {
        let title = Some(title).filter(|title| !title.trim().is_empty());
        Self {
            title: title.unwrap_or("untitled").to_owned(),
            kind,
            numbers: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// A key number, which stays in view: name, value, and a hint below it (may be empty).
    pub fn number(&mut self, name: &str, value: &str, hint: &str) {
        self.numbers.push([name, value, hint].map(str::to_owned));
    }

    /// A section; one without content is left out, from the page and from its table of contents.
    pub fn section(&mut self, id: &'static str, title: &'static str, content: Markup) {
        if !content.0.is_empty() {
            self.sections.push((id, title, content));
        }
    }

    /// The whole page, well-formed as HTML and as XML.
    pub fn finish(self) -> String {
        let page = html! {
            html lang="en" {
                "\n" head {
                    "\n" (PreEscaped(META))
                    title { (self.title) " · earmark" }
                    "\n" style { (PreEscaped(CHART_CSS)) (PreEscaped(PAGE_CSS)) } "\n"
                }
                "\n" body {
                    "\n" header.top { div.wrap { p.kind { (self.kind) } h1 { (self.title) } } }
                    "\n" div.bar { div.wrap { (self.bar()) } }
                    "\n" main.wrap {
                        @for (id, title, content) in &self.sections {
                            "\n" section id=(id) { "\n" h2 { (title) } "\n" (content) "\n" }
                        }
                        "\n"
                    }
                    "\n" footer.wrap { "Made by earmark. This page stands alone: it loads nothing." }
                    "\n" script { (PreEscaped(PAGE_JS)) } "\n"
                }
                "\n"
            }
            "\n"
        };
        xml_safe(&format!("<!DOCTYPE html>\n{}", page.0))
    }

    /// What stays in view: key numbers, and links to the sections.
    fn bar(&self) -> Markup {
        html! {
            @if !self.numbers.is_empty() {
                dl.numbers {
                    @for [name, value, hint] in &self.numbers {
                        div { dt { (name) } dd { (value) @if !hint.is_empty() { small { (hint) } } } }
                    }
                }
            }
            @if self.sections.len() > 1 {
                "\n" nav { @for (id, title, _) in &self.sections { a href={ "#" (id) } { (title) } } }
            }
        }
    }
}

/// An image element of a `data:` address, in a form that is XML too.
pub(crate) fn image(alt: &str, uri: &str, style: Option<&str>) -> Markup {
    let style = style.map_or(String::new(), |style| format!(" style=\"{style}\""));
    PreEscaped(format!("<img{style} alt=\"{}\" src=\"{uri}\"/>", escape(alt)))
}

/// Charts next to each other, as many as fit.
pub(crate) fn grid(charts: &[Chart]) -> Markup {
    html! {
        @if !charts.is_empty() {
            div.grid { "\n" @for chart in charts { figure.card { (chart.inline()) } "\n" } }
        }
    }
}

/// Names and values, one fact per line; facts without a value are left out.
pub(crate) fn facts<'a>(facts: impl Iterator<Item = &'a Fact>) -> Markup {
    let facts: Vec<_> = facts.filter(|fact| !fact.value.is_empty()).collect();
    html! {
        @if !facts.is_empty() {
            dl.facts { "\n" @for fact in facts { div { dt { (fact.name) } dd { (fact.value) } } "\n" } }
        }
    }
}

/// A paragraph of explanation.
pub(crate) fn lead(text: &str) -> Markup {
    html! { p.lead { (text) } "\n" }
}

/// What can be unfolded.
pub(crate) fn details(summary: &str, content: Markup) -> Markup {
    html! { details { summary { (summary) } (content) } }
}
