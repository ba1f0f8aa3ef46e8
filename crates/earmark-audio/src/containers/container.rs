//! The supported file formats, by name.

/// The supported file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Aiff,
    Ogg,
    Mp3,
    Adts,
    Mp4,
    Wave64,
    Au,
    Caf,
    Matroska,
}

impl Container {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Aiff => "AIFF",
            Container::Ogg => "Ogg",
            Container::Mp3 => "MP3",
            Container::Adts => "ADTS",
            Container::Mp4 => "MP4",
            Container::Wave64 => "Wave64",
            Container::Au => "AU",
            Container::Caf => "CAF",
            Container::Matroska => "Matroska",
        }
    }
}
