//! The one place where foreign text becomes markup.

/// Text made safe for HTML and XML, between tags and inside quoted attributes.
///
/// The five characters with a meaning (`& < > " '`) become references. Characters that XML 1.0 forbids even as
/// references (most controls, U+FFFE, U+FFFF) become U+FFFD, the replacement character, so that a stray byte in a file
/// name cannot make a page unreadable.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_with_a_meaning_stay_names() {
        assert_eq!(
            escape("<Rock & \"Roll\"> 'n' \u{1b}[0m"),
            "&lt;Rock &amp; &quot;Roll&quot;&gt; &#39;n&#39; \u{fffd}[0m"
        );
        assert_eq!(escape("Gesäusel 水 🎷"), "Gesäusel 水 🎷");
    }

    proptest! {
        #[test]
        fn any_text_survives_a_parser(text in any::<String>()) {
            let markup = format!("<p title=\"{0}\">{0}</p>", escape(&text));
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
