//! Files that are not audio, and audio that is not supported, by their first bytes.

/// What a file is that begins with `head` (64 bytes, or all there are), as a sentence's end; `None` where that is not known.
pub(super) fn name(head: &[u8]) -> Option<&'static str> {
    let by_magic = BY_MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
    let by_magic = by_magic.map(|(_, what)| *what);
    by_magic.or_else(|| by_structure(head)).or_else(|| text(head))
}

/// First bytes, and what they are of.
const BY_MAGIC: [(&[u8], &str); 44] = [
    // Text in the place of a recording.
    (
        b"version https://git-lfs.github.com/spec",
        "is a Git LFS pointer, not the recording: fetch it with `git lfs pull`",
    ),
    // Audio.
    (
        &[0x30, 0x26, 0xb2, 0x75],
        "is Windows Media (WMA), which is not supported",
    ),
    (b"#!AMR", "is AMR (of a phone), which is not supported"),
    (b".ra\xfd", "is RealAudio, which is not supported"),
    (b".RMF", "is RealMedia, which is not supported"),
    (b"MThd", "is MIDI: notes, without any sound"),
    (b"wvpk", "is WavPack, which is not supported"),
    (b"MAC ", "is Monkey's Audio (APE), which is not supported"),
    (b"MPCK", "is Musepack, which is not supported"),
    (b"MP+", "is Musepack, which is not supported"),
    (b"TTA1", "is True Audio (TTA), which is not supported"),
    (b"tBaK", "is TAK, which is not supported"),
    (b"OFR ", "is OptimFROG, which is not supported"),
    (b"ajkg", "is Shorten, which is not supported"),
    (b"DSD ", "is DSD (DSF), which is not supported"),
    (b"FRM8", "is DSD (DSDIFF), which is not supported"),
    (b"qoaf", "is QOA, which is not supported"),
    (
        b"Speex   ",
        "is Speex without its container, which is not supported",
    ),
    (
        b"Creative Voice File",
        "is Creative Voice (VOC), which is not supported",
    ),
    (b"NIST_1A", "is NIST SPHERE, which is not supported"),
    (&[0x0b, 0x77], "is Dolby Digital (AC-3), which is not supported"),
    (&[0x7f, 0xfe, 0x80, 0x01], "is DTS, which is not supported"),
    // Video.
    (b"FLV\x01", "is Flash video, which is not supported"),
    (&[0, 0, 1, 0xba], "is MPEG video, which is not supported"),
    (&[0, 0, 1, 0xb3], "is MPEG video, which is not supported"),
    // Archives.
    (b"PK\x03\x04", "is a ZIP archive: unpack it"),
    (&[0x1f, 0x8b], "is compressed by gzip: unpack it"),
    (b"BZh", "is compressed by bzip2: unpack it"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "is compressed by xz: unpack it"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "is compressed by Zstandard: unpack it"),
    (b"7z\xbc\xaf", "is a 7-Zip archive: unpack it"),
    (b"Rar!", "is a RAR archive: unpack it"),
    // Pictures, documents, data.
    (&[0xff, 0xd8, 0xff], "is a picture (JPEG)"),
    (b"\x89PNG", "is a picture (PNG)"),
    (b"GIF8", "is a picture (GIF)"),
    (b"II*\0", "is a picture (TIFF)"),
    (b"MM\0*", "is a picture (TIFF)"),
    (b"%PDF", "is a PDF document"),
    (b"\x89HDF", "is an HDF5 file"),
    (b"\x93NUMPY", "is a NumPy array, not audio"),
    (b"PAR1", "is a Parquet table, not audio"),
    (b"SQLite format", "is an SQLite database, not audio"),
    (b"\x7fELF", "is a program"),
    (
        &[0xd0, 0xcf, 0x11, 0xe0],
        "is a document of an old office program",
    ),
];

/// What bytes show that don't come first.
fn by_structure(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => Some(match kind {
            [b'A', b'V', b'I', ..] => "is AVI video, which is not supported",
            [b'R', b'M', b'I', b'D', ..] => "is MIDI: notes, without any sound",
            [b'W', b'E', b'B', b'P', ..] => "is a picture (WebP)",
            _ => "is a RIFF file but not WAV",
        }),
        [b'F', b'O', b'R', b'M', _, _, _, _, kind @ ..] => Some(match kind {
            [b'8', b'S', b'V', b'X', ..] => "is IFF (8SVX), which is not supported",
            _ => "is an IFF file but not AIFF",
        }),
        // The synchronisation of LOAS: eleven bits.
        [0x56, second, ..] if second & 0xe0 == 0xe0 => Some("is AAC in LATM (LOAS), which is not supported"),
        // Packets of 188 bytes begin with 0x47; the first of them begins a table.
        [0x47, 0x40 | 0x60, _, 0x10..=0x1f, ..] => {
            Some("is an MPEG transport stream, which is not supported")
        }
        _ => None,
    }
}

/// What kind of text it is, where it is text.
fn text(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_text = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~') || *b >= 0x80;
    // The head may end within a character.
    let is_utf8 = std::str::from_utf8(head)
        .err()
        .is_none_or(|e| e.error_len().is_none());
    if !is_utf8 || !head.iter().all(is_text) {
        return None;
    }
    match head.trim_ascii_start() {
        [] => None,
        [b'<', ..] => Some("is a web page or XML, not audio: the download has failed"),
        [b'{' | b'[', ..] => Some("is JSON text, not audio: if it was downloaded, the download has failed"),
        [b'#', b'E', b'X', b'T', b'M', b'3', b'U', ..] => {
            Some("is a playlist, not a recording: give the recordings that it names")
        }
        head if head.len() >= 8 => Some("is text, not audio"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_named(head: &[u8], what: &str) {
        let name = name(head).unwrap_or_default();
        assert!(name.contains(what), "{head:?} is named {name:?}");
    }

    #[test]
    fn audio_that_is_not_supported_has_a_name() {
        assert_named(&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], "Windows Media");
        assert_named(b"#!AMR-WB\n\x24", "AMR");
        assert_named(b".ra\xfd\0\x04", "RealAudio");
        assert_named(b"MThd\0\0\0\x06", "MIDI");
        assert_named(b"RIFF\x10\0\0\0RMIDdata", "MIDI");
        assert_named(b"RIFF\x10\0\0\0AVI LIST", "AVI video");
        assert_named(&[0x56, 0xe1, 0x20, 0, 6], "LATM");
        assert_named(&[0x47, 0x40, 0x00, 0x10, 0, 0, 0xb0], "transport stream");
    }

    #[test]
    fn text_in_the_place_of_a_recording_has_a_name() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
        assert_named(pointer, "Git LFS pointer");
        assert_named(b"  \n<!doctype html><title>404</title>", "web page");
        assert_named(b"\xef\xbb\xbf<?xml version=\"1.0\"?>", "web page or XML");
        assert_named(b"{\"message\": \"rate limit\"}", "JSON");
        assert_named(b"#EXTM3U\n#EXTINF:10,\na.mp3\n", "playlist");
        assert_named("Überschrift und Text darunter".as_bytes(), "text");
    }

    #[test]
    fn noise_has_none() {
        assert_eq!(
            name(&[0x12, 0x00, 0xfe, 0x80, 0x03, 0x99, 0x11, 0x02, 0x05]),
            None
        );
        assert_eq!(name(&[0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0]), None);
        assert_eq!(name(&[]), None);
        assert_eq!(name(b"ab"), None);
    }
}
