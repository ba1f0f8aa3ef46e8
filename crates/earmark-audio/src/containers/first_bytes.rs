//! The first bytes of containers.

/// All first bytes of a container, to recognise a file that ends within its header.
pub(super) const MAGICS: [&[u8]; 10] = [
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"BW64",
    b"FORM",
    b"fLaC",
    b"OggS",
    b".snd",
    b"caff",
    &[0x1a, 0x45, 0xdf, 0xa3],
];

/// Whether these bytes look like the beginning of a container.
pub(super) fn begins_container(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
        || head.starts_with(b"riff")
        || head.starts_with(b"dns.")
        || head.get(4..).is_some_and(is_first_box)
}

/// Whether a box of this name may be the first of an MP4 or QuickTime file.
pub(super) fn is_first_box(name: &[u8]) -> bool {
    const FIRST: [&[u8]; 7] = [b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"];
    FIRST.iter().any(|first| name.starts_with(first))
}
