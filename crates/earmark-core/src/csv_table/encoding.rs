//! From bytes to text: UTF-8 only, with or without a byte order mark.

use super::record::RecordError;

/// The text without its byte order mark.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, RecordError> {
    const SAVE: &str = "save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")";
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if is_utf16(bytes) {
        return Err(RecordError::new(
            1,
            format!("the text is UTF-16, not UTF-8; {SAVE}"),
        ));
    }
    if bytes.contains(&0) {
        let what = match SOUNDS.iter().any(|begin| bytes.starts_with(begin)) {
            true => "this is a recording, not a table; give a table (CSV) that lists recordings",
            false => "this is not a text; give a table (CSV), saved as UTF-8",
        };
        return Err(RecordError::new(1, what.to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        RecordError::new(1 + line_ends(&before), format!("the text is not UTF-8; {SAVE}"))
    })
}

/// How usual files of recordings begin.
const SOUNDS: [&[u8]; 7] = [
    b"RIFF",
    b"RF64",
    b"FORM",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"\x1a\x45\xdf\xa3",
];

/// Whether bytes are UTF-16: by the mark at the start, or by zeros that are all on the same side of their pair, as
/// those of signs and Latin letters are.
fn is_utf16(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let [first, second] = [0_usize, 1].map(|side| pairs.iter().any(|pair| pair[side] == 0));
    first != second
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
