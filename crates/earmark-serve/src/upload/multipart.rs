//! Bodies of the type `multipart/form-data` (RFC 7578), parsed as they come: memory does not grow with them.

use std::collections::HashMap;

/// Longest head of a part, and longest blank after a boundary.
const LONGEST_HEAD: usize = 8 << 10;
const LONGEST_PADDING: usize = 64;

/// Longest boundary (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;

/// What comes of a body, in order.
#[derive(Debug, PartialEq)]
pub(crate) enum PartEvent<'a> {
    /// A part begins.
    Begin {
        /// Name of the field.
        field: Option<String>,
        /// Name of the file, as the client gives it.
        file: Option<String>,
    },
    /// Bytes of the part.
    Bytes(&'a [u8]),
    /// It ends.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first boundary.
    Preamble,
    /// Right after a boundary.
    Boundary,
    /// In the head of a part.
    Head,
    /// In the bytes of a part.
    Bytes,
    /// After the last boundary.
    Epilogue,
}

/// A parser of one body.
pub(crate) struct Multipart {
    /// What ends a part: a line break, two hyphens and the boundary.
    delimiter: Vec<u8>,
    place: Place,
    /// Bytes that may be the beginning of something.
    pending: Vec<u8>,
}

/// The boundary that a content type names; `None` for a type that is not multipart/form-data.
pub(crate) fn boundary(content_type: &str) -> Option<Result<String, String>> {
    let (kind, rest) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let found = parameters(rest).remove("boundary");
    let is_right = |boundary: &String| {
        (1..=LONGEST_BOUNDARY).contains(&boundary.len())
            && boundary.bytes().all(|b| (b' '..=b'~').contains(&b))
    };
    let wrong = "Content-Type: multipart/form-data needs a boundary of 1 to 70 characters";
    Some(found.filter(is_right).ok_or_else(|| wrong.to_owned()))
}

impl Multipart {
    /// A parser for a body with this boundary.
    pub fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            place: Place::Preamble,
            // The first boundary may be the first line.
            pending: b"\r\n".to_vec(),
        }
    }

    /// Takes the next bytes of the body and passes on what they bring.
    pub fn push<E: From<MalformedMultipart>>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(PartEvent) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.place == Place::Epilogue {
            return Ok(());
        }
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while self.advance(&mut rest, &mut take)? {}
        self.pending = rest.to_vec();
        Ok(())
    }

    /// Refuses a body that ended too early.
    pub fn finish(&self) -> Result<(), MalformedMultipart> {
        match self.place {
            Place::Epilogue => Ok(()),
            _ => Err(MalformedMultipart("ends before its last boundary")),
        }
    }

    /// Goes to the next place, if enough bytes are there for it.
    fn advance<E: From<MalformedMultipart>>(
        &mut self,
        rest: &mut &[u8],
        take: &mut impl FnMut(PartEvent) -> Result<(), E>,
    ) -> Result<bool, E> {
        match self.place {
            Place::Preamble | Place::Bytes => self.up_to_delimiter(rest, take),
            Place::Boundary => Ok(self.after_boundary(rest)?),
            Place::Head => {
                let Some(head) = whole_head(rest)? else {
                    return Ok(false);
                };
                take(begin(head))?;
                self.place = Place::Bytes;
                Ok(true)
            }
            Place::Epilogue => {
                *rest = &[];
                Ok(false)
            }
        }
    }

    /// Passes on bytes up to the next delimiter, or up to what may be the beginning of one.
    fn up_to_delimiter<E>(
        &mut self,
        rest: &mut &[u8],
        take: &mut impl FnMut(PartEvent) -> Result<(), E>,
    ) -> Result<bool, E> {
        let found = find(rest, &self.delimiter);
        let end = found.unwrap_or_else(|| rest.len().saturating_sub(self.delimiter.len() - 1));
        let (bytes, after) = rest.split_at(end);
        *rest = after;
        let is_part = self.place == Place::Bytes;
        if is_part && !bytes.is_empty() {
            take(PartEvent::Bytes(bytes))?;
        }
        if found.is_none() {
            return Ok(false);
        }
        *rest = &rest[self.delimiter.len()..];
        self.place = Place::Boundary;
        if is_part {
            take(PartEvent::End)?;
        }
        Ok(true)
    }

    /// Whether what follows a boundary is there: two hyphens after the last one, else the end of the line.
    fn after_boundary(&mut self, rest: &mut &[u8]) -> Result<bool, MalformedMultipart> {
        if rest.starts_with(b"--") {
            self.place = Place::Epilogue;
            return Ok(true);
        }
        match find(rest, b"\r\n") {
            Some(end) if end <= LONGEST_PADDING && rest[..end].iter().all(|b| matches!(b, b' ' | b'\t')) => {
                // The line break stays: it is the end of a head without lines.
                *rest = &rest[end..];
                self.place = Place::Head;
                Ok(true)
            }
            // The first half of the line break may be there.
            None if rest.len() <= LONGEST_PADDING + 1 => Ok(false),
            _ => Err(MalformedMultipart("has a boundary that is not a line")),
        }
    }
}

/// What is wrong with a body.
#[derive(Debug, PartialEq)]
pub(crate) struct MalformedMultipart(pub &'static str);

/// The lines of a head, once its end is there; `rest` then begins after it.
fn whole_head<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, MalformedMultipart> {
    match find(rest, b"\r\n\r\n") {
        Some(end) if end <= LONGEST_HEAD => {
            let head = &rest[..end];
            *rest = &rest[end + 4..];
            Ok(Some(head))
        }
        // All but the last byte of the blank line may be there.
        None if rest.len() <= LONGEST_HEAD + 3 => Ok(None),
        _ => Err(MalformedMultipart("has a part with a head of more than 8 KiB")),
    }
}

/// What the head of a part says.
fn begin(head: &[u8]) -> PartEvent<'static> {
    let head = String::from_utf8_lossy(head);
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    });
    let rest = disposition
        .and_then(|value| value.split_once(';'))
        .map_or("", |(_, rest)| rest);
    let mut found = parameters(rest);
    PartEvent::Begin {
        field: found.remove("name"),
        file: found.remove("filename"),
    }
}

/// Parameters such as `name="a"; filename="b.wav"`, by their names in small letters; the first of a name counts.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        let after = after.trim_start();
        let value = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted_string(quoted);
                rest = after;
                value
            }
            None => {
                let (value, after) = after.split_once(';').unwrap_or((after, ""));
                rest = after;
                value.trim().to_owned()
            }
        };
        found.entry(name).or_insert(value);
    }
    found
}

/// A text up to the closing mark, and what follows it.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            // Browsers write a mark as %22 and leave backslashes as they are; other clients put one before a mark.
            '\\' if text[at + 1..].starts_with('"') => {
                value.push('"');
                chars.next();
            }
            c => value.push(c),
        }
    }
    (value, "")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|b| b == first)?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The name of a file, and its bytes.
    type Part = (Option<String>, Vec<u8>);

    /// The parts of a body that comes in pieces of this size: file name and bytes.
    fn parts(body: &[u8], piece: usize) -> Result<Vec<Part>, MalformedMultipart> {
        let mut parser = Multipart::new("XX");
        let mut found: Vec<(Option<String>, Vec<u8>)> = Vec::new();
        let mut open = false;
        for bytes in body.chunks(piece) {
            parser.push(bytes, |event| {
                match event {
                    PartEvent::Begin { file, .. } => {
                        assert!(!open);
                        open = true;
                        found.push((file, Vec::new()));
                    }
                    PartEvent::Bytes(bytes) => found.last_mut().unwrap().1.extend_from_slice(bytes),
                    PartEvent::End => open = false,
                }
                Ok::<(), MalformedMultipart>(())
            })?;
            // Memory does not grow with a part.
            assert!(parser.pending.len() <= LONGEST_HEAD + piece + 4);
        }
        parser.finish()?;
        Ok(found)
    }

    #[test]
    fn parts_are_the_same_in_pieces_of_any_size() {
        let tricky = b"\r\n--X\r\n-\r\n\r\n--\r--XX".to_vec();
        let mut body = b"some preamble\r\n--XX\r\n".to_vec();
        body.extend(b"Content-Disposition: form-data; name=\"f\"; filename=\"a \\\"b\\\".wav\"\r\n");
        body.extend(b"Content-Type: audio/wav\r\n\r\n");
        body.extend(&tricky);
        body.extend(b"\r\n--XX \t\r\ncontent-disposition: form-data; filename=c.wav; name=f\r\n\r\n");
        body.extend(b"\r\n--XX\r\n\r\nno head\r\n--XX--\r\nrest");
        let expected = vec![
            (Some("a \"b\".wav".to_owned()), tricky),
            (Some("c.wav".to_owned()), Vec::new()),
            (None, b"no head".to_vec()),
        ];
        for piece in (1..40).chain([body.len()]) {
            assert_eq!(parts(&body, piece).unwrap(), expected, "{piece}");
        }
        // Right from the first line, and a long part.
        let long: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        let body = [&b"--XX\r\n\r\n"[..], &long, b"\r\n--XX--"].concat();
        for piece in [7, 1_000, body.len()] {
            assert_eq!(parts(&body, piece).unwrap(), [(None, long.clone())]);
        }
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let refusal = |body: &[u8]| parts(body, 5).err().map(|e| e.0);
        let early = Some("ends before its last boundary");
        assert_eq!(refusal(b""), early);
        assert_eq!(refusal(b"no boundary at all"), early);
        assert_eq!(refusal(b"--XX\r\nContent-Disposition: x"), early);
        assert_eq!(refusal(b"--XX\r\n\r\nhalf"), early);
        assert_eq!(refusal(b"--XX\r\n\r\nhalf\r\n--XX"), early);
        assert_eq!(
            refusal(b"--XXY\r\n\r\nother\r\n--XX--"),
            Some("has a boundary that is not a line")
        );
        assert_eq!(
            refusal(&[&b"--XX"[..], &[b' '; 1000]].concat()),
            Some("has a boundary that is not a line")
        );
        let head = [&b"--XX\r\n"[..], &[b'a'; 20_000]].concat();
        assert_eq!(refusal(&head), Some("has a part with a head of more than 8 KiB"));
    }

    proptest! {
        /// Whatever comes: no panic, and the same in any pieces.
        #[test]
        fn any_body_is_the_same_in_any_pieces(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40),
            piece in 1_usize..90,
        ) {
            let body = pieces.concat().into_bytes();
            prop_assert_eq!(parts(&body, piece), parts(&body, body.len().max(1)));
        }
    }

    /// What bodies are made of.
    const PIECES: [&str; 10] = [
        "\r\n--XX",
        "--XX",
        "--",
        "\r\n",
        "\r",
        "\n",
        "a",
        " ",
        "Content-Disposition: form-data; filename=\"a",
        "                                        ",
    ];

    #[test]
    fn boundaries_are_read() {
        let of = |text: &str| boundary(text).map(|found| found.ok());
        assert_eq!(of("audio/wav"), None);
        assert_eq!(of("multipart/form-data; boundary=abc"), Some(Some("abc".into())));
        assert_eq!(
            of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b;c\""),
            Some(Some("a b;c".into()))
        );
        assert_eq!(of("multipart/form-data"), Some(None));
        assert_eq!(of("multipart/form-data; boundary="), Some(None));
        assert_eq!(
            of(&format!("multipart/form-data; boundary={}", "x".repeat(71))),
            Some(None)
        );
    }
}
