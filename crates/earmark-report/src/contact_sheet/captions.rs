//! Captions below pictures: how many lines, and where they break.

/// Lines of a caption; what does not fit is cut.
pub(super) const CAPTION_LINES: usize = 4;

/// Words wrapped into at most `lines` lines of at most `letters` letters; the last one ends in `...` where something is left out.
pub(super) fn wrapped(text: &str, letters: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match out.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                if out.len() == lines {
                    let last = out.pop().unwrap_or_default();
                    let kept: String = last.chars().take(letters.saturating_sub(3)).collect();
                    out.push(format!("{kept}..."));
                    return out;
                }
                out.push(word.chars().take(letters).collect());
            }
        }
    }
    out
}
