//! Text of strangers, made safe to show: names of files and classes, and messages that contain them.

use std::borrow::Cow;

/// Text of one or more lines as a terminal may show it: control characters other than line breaks and tabs are written out
/// (`\u{1b}`), and so are characters that reorder what follows or that no terminal shows.
///
/// ```
/// use earmark_core::text::visible;
///
/// assert_eq!(visible("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    let text = match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    };
    match text.contains(is_unsafe) {
        true => Cow::Owned(written_out(&text, is_unsafe)),
        false => text,
    }
}

/// As [`visible`], on one line: a name. Line breaks and tabs are written out, too.
///
/// ```
/// use earmark_core::text::one_line;
///
/// assert_eq!(one_line("a\nerror: b"), "a\\nerror: b");
/// ```
pub fn one_line(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| is_unsafe(c) || matches!(c, '\n' | '\t');
    match text.contains(is_unsafe) {
        true => Cow::Owned(written_out(text, is_unsafe)),
        false => Cow::Borrowed(text),
    }
}

/// JSON text as a terminal may show it: the same values, with those characters as `\u009b` that JSON need not escape and a terminal
/// obeys. Line breaks and tabs between values stay.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match is_unsafe(c) {
            // All of them are in the first plane, where one escape is one character.
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal would obey rather than show a character. Line breaks and tabs are not among them.
fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Separators of lines and paragraphs, which some terminals and editors break at.
        '\u{2028}' | '\u{2029}' => true,
        // Marks that change the direction of what follows ("Trojan Source", Boucher and Anderson 2021).
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // C0, DEL and C1, of which U+009B begins an escape sequence as ESC [ does.
        c => c.is_control(),
    }
}

fn written_out(text: &str, is_unsafe: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_unsafe(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_not_copied() {
        for text in ["", "Motorrad über Straße 水の音 👩‍🚒.wav", "two\nlines\twith a tab"] {
            assert!(
                matches!(visible(text), Cow::Borrowed(same) if same == text),
                "{text:?}"
            );
        }
        assert!(matches!(one_line("plain name.wav"), Cow::Borrowed(_)));
        assert!(matches!(visible_json("{\n  \"a\": 1\n}"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(visible("a\u{7}\u{8}b\u{7f}"), "a\\u{7}\\u{8}b\\u{7f}");
        assert_eq!(visible("\u{9b}31m\u{202e}gpj.exe"), "\\u{9b}31m\\u{202e}gpj.exe");
        // An overwritten line: a lone carriage return. Line ends of Windows are line ends.
        assert_eq!(visible("bad\rgood"), "bad\\rgood");
        assert_eq!(visible("one\r\ntwo"), "one\ntwo");
        assert_eq!(one_line("a\r\nb\tc"), "a\\r\\nb\\tc");
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({ "class": "\u{1b}[0m\u{9b}2J\u{7f}\u{2028}", "n": [1, 2] });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = visible_json(&text);
        assert_ne!(shown, text);
        assert!(!shown.contains(is_unsafe));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).contains(is_unsafe));
            let line = one_line(&text);
            prop_assert!(line.lines().count() <= 1 && !line.contains(is_unsafe) && !line.contains('\t'));
        }
    }
}
