//! A contact sheet as an HTML page.

use super::ContactSheet;
use crate::ReportError;
use crate::pages::frame::{Page, image};
use maud::html;

impl ContactSheet {
    /// The sheet as a self-contained HTML page.
    ///
    /// # Errors
    /// If the PNG encoder fails.
    pub fn html(&self) -> Result<String, ReportError> {
        let style = Some("width:100%;height:10rem;image-rendering:pixelated");
        let shown = self.data_uris()?;
        let content = html! {
            p.note { (self.about) } "\n"
            div.pictures {
                @for (caption, uri) in shown {
                    figure { (image(caption, &uri, style)) figcaption { (caption) } } "\n"
                }
            }
        };
        let mut page = Page::new("contact sheet", &self.title);
        page.section("sheet", "Spectrograms", content);
        Ok(page.finish())
    }
}
