//! A drawn chart: an element of a page or a file of its own.

use crate::escape::xml_safe;
use maud::{Markup, PreEscaped, html};

/// Style shared by all charts; a page carries it once, each file its own copy.
pub(crate) const CHART_CSS: &str = include_str!("chart.css");

/// A finished chart, to be put into a page or written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    pub(super) width: String,
    pub(super) height: String,
    pub(super) title: String,
    pub(super) class: &'static str,
    pub(super) body: String,
}

impl Chart {
    /// What the chart shows, in words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// An `<svg>` element for a page of this crate, which brings the style.
    pub(crate) fn inline(&self) -> Markup {
        // A matrix keeps its size, in a box that moves; all other charts are as wide as their container.
        let width = self.class.contains("matrix").then_some(&self.width);
        html! {
            svg class=(self.class) viewBox=(self.view_box()) width=[width] role="img" aria-label=(self.title) {
                (PreEscaped(&self.body))
            }
        }
    }

    /// A complete SVG file with its own size, title and style, light or dark as the reader's system is.
    #[must_use]
    pub fn file(&self) -> String {
        let file = html! {
            svg xmlns="http://www.w3.org/2000/svg" class={ (self.class) " file" } viewBox=(self.view_box())
                width=(self.width) height=(self.height) role="img" {
                "\n" title { (self.title) }
                "\n" style { (PreEscaped(CHART_CSS)) }
                "\n" (PreEscaped("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>")) (PreEscaped(&self.body))
            }
            "\n"
        };
        xml_safe(&file.into_string())
    }

    fn view_box(&self) -> String {
        format!("0 0 {} {}", self.width, self.height)
    }
}
