//! Foreign text as markup: the escaping of maud, and the characters that XML does not allow at all.

use maud::html;

/// Text made safe for HTML and XML, between tags and inside double-quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    html! { (text) }.into_string()
}

/// A finished document without the characters that XML 1.0 forbids even as references (most controls, U+FFFE, U+FFFF).
///
/// They become U+FFFD, the replacement character: a stray byte in a file name cannot make a page unreadable.
pub(crate) fn xml_safe(document: &str) -> String {
    let forbidden =
        |c: char| (c.is_control() && !"\t\n\r".contains(c)) || matches!(c, '\u{fffe}' | '\u{ffff}');
    document.replace(forbidden, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            xml_safe(&escape("<Rock & \"Roll\"> 'n' \u{1b}[0m")),
            "&lt;Rock &amp; &quot;Roll&quot;&gt; 'n' \u{fffd}[0m"
        );
        assert_eq!(xml_safe(&escape("Gesäusel 水 🎷")), "Gesäusel 水 🎷");
    }

    proptest! {
        #[test]
        fn any_text_survives_a_parser(text in any::<String>()) {
            let markup = xml_safe(&format!("<p title=\"{0}\">{0}</p>", escape(&text)));
            let tree = roxmltree::Document::parse(&markup).expect("well-formed");
            let expected: String = text
                .replace("\r\n", "\n").replace('\r', "\n") // what every XML parser does with line ends
                .chars()
                .map(|c| if (c.is_control() && c != '\t' && c != '\n') || "\u{fffe}\u{ffff}".contains(c) { '\u{fffd}' } else { c })
                .collect();
            prop_assert_eq!(tree.root_element().text().unwrap_or(""), expected);
        }
    }
}
