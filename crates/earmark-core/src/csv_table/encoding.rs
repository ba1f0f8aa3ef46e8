//! From bytes to text: UTF-8 only, with or without a byte order mark.

use super::record::RecordError;

/// The text without its byte order mark.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, RecordError> {
    const SAVE: &str = "save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")";
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(RecordError::new(
            1,
            format!("the text is UTF-16, not UTF-8; {SAVE}"),
        ));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        RecordError::new(1 + line_ends(&before), format!("the text is not UTF-8; {SAVE}"))
    })
}

/// Number of line ends of any kind.
fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_end = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(|&at| is_end(at)).count()
}
