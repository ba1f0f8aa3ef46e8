//! A recording to play on a page: its samples as a WAV file inside the page, which loads nothing.

use base64::{Engine, prelude::BASE64_STANDARD};

/// A mono recording to play on a page, with a caption such as `0 to 2.9 s`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipPlayer {
    caption: String,
    sample_rate_hz: u32,
    samples: Vec<i16>,
}

/// Bytes before the samples of a WAV file.
const HEADER: u32 = 44;

impl ClipPlayer {
    /// A player of `samples` in -1 to 1; louder ones are clipped, and those that are not a number are silent.
    pub fn new(caption: impl Into<String>, samples: &[f32], sample_rate_hz: u32) -> Self {
        let whole = |sample: &f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        Self {
            caption: caption.into(),
            sample_rate_hz,
            samples: samples.iter().map(whole).collect(),
        }
    }

    /// What is written next to the player.
    #[must_use]
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// The recording as a `data:` address of a WAV file.
    pub(crate) fn to_data_uri(&self) -> String {
        format!("data:audio/wav;base64,{}", BASE64_STANDARD.encode(self.wav()))
    }

    /// A WAV file: PCM, 16 bits, mono.
    fn wav(&self) -> Vec<u8> {
        // A file cannot be longer than its header can say.
        let most = ((u32::MAX - HEADER) / 2) as usize;
        let samples = &self.samples[..self.samples.len().min(most)];
        let bytes = 2 * samples.len() as u32;
        let mut wav = Vec::with_capacity(HEADER as usize + bytes as usize);
        wav.extend(b"RIFF");
        wav.extend((HEADER - 8 + bytes).to_le_bytes());
        wav.extend(b"WAVEfmt ");
        wav.extend(16_u32.to_le_bytes());
        for channels_or_format in [1_u16, 1] {
            wav.extend(channels_or_format.to_le_bytes());
        }
        wav.extend(self.sample_rate_hz.to_le_bytes());
        wav.extend(self.sample_rate_hz.saturating_mul(2).to_le_bytes());
        wav.extend(2_u16.to_le_bytes());
        wav.extend(16_u16.to_le_bytes());
        wav.extend(b"data");
        wav.extend(bytes.to_le_bytes());
        wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        wav
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_one_that_other_programs_write() {
        // As Python's `wave` writes it: mono, 2 bytes, 8000 Hz, the samples 0, 16384, -32767 and 32767.
        let player = ClipPlayer::new("x", &[0.0, 0.5, -1.5, f32::INFINITY], 8000);
        let wanted = [
            &b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x08\0\0\0"[..],
            &b"\0\0\0\x40\x01\x80\xff\x7f"[..],
        ];
        assert_eq!(player.wav(), wanted.concat());
        let uri = player.to_data_uri();
        assert!(uri.starts_with("data:audio/wav;base64,UklGRiwAAABXQVZF"), "{uri}");
    }

    #[test]
    fn what_is_not_a_number_is_silent() {
        assert_eq!(ClipPlayer::new("", &[f32::NAN], 1).samples, [0]);
        assert_eq!(ClipPlayer::new("", &[], 8000).wav().len(), 44);
    }
}
