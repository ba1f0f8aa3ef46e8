//! A contact sheet as an SVG file.

use super::{CAPTION_LINES, ContactSheet, wrapped};
use crate::ReportError;
use crate::png::encode::data_uri;
use crate::svg::escape::xml_safe;
use maud::{PreEscaped, html};

/// Sides of an image, in view-box units, and the space between images.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 160.0;
const GAP: f64 = 16.0;
/// Height of the title with its line, and of a row with its captions.
const HEAD: f64 = 64.0;
const ROW_HEIGHT: f64 = HEIGHT + 72.0;
/// Letters in a line of a caption: of 12 units, they are 6.2 wide on average.
const LETTERS: usize = 48;

pub(super) fn draw(sheet: &ContactSheet) -> Result<String, ReportError> {
    let (heatmap, columns) = (sheet.heatmap(), sheet.shown_columns());
    let width = GAP + columns as f64 * (WIDTH + GAP);
    let height = HEAD + sheet.images.len().div_ceil(columns) as f64 * ROW_HEIGHT + GAP;
    let mut body = String::new();
    for (i, image) in sheet.images.iter().enumerate() {
        let x = GAP + (i % columns) as f64 * (WIDTH + GAP);
        let y = HEAD + (i / columns) as f64 * ROW_HEIGHT;
        let uri = data_uri(&heatmap.png(image.values(), image.bands(), image.frames())?);
        let lines = wrapped(image.caption(), LETTERS, CAPTION_LINES);
        let below = |line: usize| y + HEIGHT + 14.0 + 14.0 * line as f64;
        let markup = html! {
            image x=(x) y=(y) width=(WIDTH) height=(HEIGHT) preserveAspectRatio="none" image-rendering="pixelated"
                href=(uri) {} "\n"
            @for (k, line) in lines.iter().enumerate() { text x=(x) y=(below(k)) fill="#222" { (line) } "\n" }
        };
        body.push_str(&markup.into_string());
    }
    let file = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height)
            font-family="system-ui, sans-serif" font-size="12" {
            "\n" title { (sheet.title) }
            "\n" rect width="100%" height="100%" fill="#fff" {}
            "\n" text x=(GAP) y="28" font-size="18" fill="#222" { (sheet.title) }
            "\n" text x=(GAP) y="48" fill="#6e6e6e" { (sheet.about) }
            "\n" (PreEscaped(body))
        }
        "\n"
    };
    Ok(xml_safe(&file.into_string()))
}
