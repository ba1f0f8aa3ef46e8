//! Headings, their anchors, and wrapped lines.

const WIDTH: usize = 100;

pub(super) fn heading(path: &str, list: bool) -> String {
    if list {
        format!("[[{path}]]")
    } else {
        format!("[{path}]")
    }
}

/// The anchor that a heading gets.
pub(super) fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_')
        .collect()
}

pub(super) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut lines = vec![first.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one from the start");
        let started = line.len() > first.len().max(rest.len()) || !line.trim_matches([' ', '-']).is_empty();
        if started && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{rest}{word}"));
        } else {
            if started {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}
