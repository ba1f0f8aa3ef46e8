//! A contact sheet as an SVG file.

use super::ContactSheet;
use super::captions::{CAPTION_LINES, wrapped};
use crate::ReportError;
use crate::escape::xml_safe;
use maud::html;

/// Sides of an image, in view-box units, and the space between images.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 160.0;
const GAP: f64 = 16.0;
/// Height of the title with its line, and of a row with its captions.
const HEAD: f64 = 64.0;
const ROW_HEIGHT: f64 = HEIGHT + 72.0;
/// Letters in a line of a caption: of 12 units, they are 6.2 wide on average.
const LETTERS: usize = 48;

impl ContactSheet {
    /// The sheet as an SVG file.
    ///
    /// # Errors
    /// If the PNG encoder fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        let (shown, columns) = (self.data_uris()?, self.shown_columns());
        let width = GAP + columns as f64 * (WIDTH + GAP);
        let height = HEAD + shown.len().div_ceil(columns) as f64 * ROW_HEIGHT + GAP;
        let x = |i: usize| GAP + (i % columns) as f64 * (WIDTH + GAP);
        let y = |i: usize| HEAD + (i / columns) as f64 * ROW_HEIGHT;
        let below = |i: usize, line: usize| y(i) + HEIGHT + 14.0 + 14.0 * line as f64;
        let file = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height)
                font-family="system-ui, sans-serif" font-size="12" {
                "\n" title { (self.title) }
                "\n" rect width="100%" height="100%" fill="#fff" {}
                "\n" text x=(GAP) y="28" font-size="18" fill="#222" { (self.title) }
                "\n" text x=(GAP) y="48" fill="#6e6e6e" { (self.about) }
                "\n" @for (i, (caption, uri)) in shown.iter().enumerate() {
                    image x=(x(i)) y=(y(i)) width=(WIDTH) height=(HEIGHT) preserveAspectRatio="none"
                        image-rendering="pixelated" href=(uri) {} "\n"
                    @for (k, line) in wrapped(caption, LETTERS, CAPTION_LINES).iter().enumerate() {
                        text x=(x(i)) y=(below(i, k)) fill="#222" { (line) } "\n"
                    }
                }
            }
            "\n"
        };
        Ok(xml_safe(&file.into_string()))
    }
}
