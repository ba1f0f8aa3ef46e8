//! A contact sheet as an HTML page.

use super::ContactSheet;
use crate::ReportError;
use crate::pages::frame::{Page, image};
use crate::png::encode::data_uri;
use maud::html;

pub(super) fn render(sheet: &ContactSheet) -> Result<String, ReportError> {
    let heatmap = sheet.heatmap();
    let mut shown = Vec::new();
    for image in &sheet.images {
        let png = heatmap.png(image.values(), image.bands(), image.frames())?;
        shown.push((image.caption(), data_uri(&png)));
    }
    let mut page = Page::new("contact sheet", &sheet.title);
    let style = "width:100%;height:10rem;image-rendering:pixelated";
    page.section(
        "sheet",
        "Spectrograms",
        html! {
            p.note { (sheet.about) } "\n"
            div.pictures {
                @for (caption, uri) in shown {
                    figure { (image(caption, &uri, style)) figcaption { (caption) } } "\n"
                }
            }
        },
    );
    Ok(page.finish())
}
