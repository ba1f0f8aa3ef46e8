//! Pages are well-formed, escape everything, load nothing, and show what they were given.

#[path = "../sample/mod.rs"]
mod sample;

mod all_pages;
mod any_text;
mod run_page;

/// The page as a tree; it is XML as well as HTML, apart from the document type.
fn parse(page: &str) -> roxmltree::Document<'_> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("document type");
    roxmltree::Document::parse(body).unwrap_or_else(|e| panic!("not well-formed: {e}"))
}

/// All text that a reader sees, without styles and scripts.
fn visible(tree: &roxmltree::Document<'_>) -> String {
    let hidden = |n: roxmltree::Node<'_, '_>| {
        n.ancestors()
            .any(|a| a.has_tag_name("style") || a.has_tag_name("script"))
    };
    let texts = tree
        .descendants()
        .filter(|n| n.is_text() && !hidden(*n))
        .filter_map(|n| n.text());
    texts.collect::<Vec<_>>().join("")
}
