//! Raw samples from a pipe.

use std::io::{self, Read};

/// Samples louder than this are not audio: it is 120 dB over full scale, yet far below where a resampler's sums overflow.
pub(super) const LOUDEST: f32 = 1e6;

/// Encoding of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcmSample {
    /// Signed 16 bits, little-endian.
    S16,
    /// Float 32 bits, little-endian, full scale at 1.
    F32,
}

/// The format of raw samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcmFormat {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Number of interleaved channels; their mean is scored.
    pub channels: u16,
    /// Encoding of a sample.
    pub sample: PcmSample,
}

impl PcmFormat {
    /// Bytes of one frame.
    fn frame_bytes(&self) -> usize {
        let sample = match self.sample {
            PcmSample::S16 => 2,
            PcmSample::F32 => 4,
        };
        sample * usize::from(self.channels)
    }

    /// Decodes whole frames to mono samples.
    fn decode(&self, bytes: &[u8], out: &mut Vec<f32>) {
        let scale = 1.0 / f32::from(self.channels);
        out.extend(bytes.chunks_exact(self.frame_bytes()).map(|frame| {
            let sum: f32 = match self.sample {
                PcmSample::S16 => frame
                    .chunks_exact(2)
                    .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
                    .sum(),
                PcmSample::F32 => frame
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .sum(),
            };
            sum * scale
        }));
    }
}

/// Reads raw samples as they come, without waiting for a full block.
pub(super) struct PcmReader<R> {
    input: R,
    format: PcmFormat,
    bytes: Vec<u8>,
    /// Bytes of an incomplete frame at the start of `bytes`.
    left: usize,
}

impl<R: Read> PcmReader<R> {
    /// A reader of blocks of at most `most_frames` frames.
    pub(super) fn new(input: R, format: PcmFormat, most_frames: usize) -> Self {
        Self {
            input,
            format,
            bytes: vec![0; most_frames.max(1) * format.frame_bytes()],
            left: 0,
        }
    }

    /// Appends the samples that have come; false at the end of the stream. An incomplete frame waits for its rest; at the end it is
    /// dropped.
    pub(super) fn read(&mut self, out: &mut Vec<f32>) -> io::Result<bool> {
        let got = loop {
            match self.input.read(&mut self.bytes[self.left..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                got => break got?,
            }
        };
        let filled = self.left + got;
        let whole = filled - filled % self.format.frame_bytes();
        self.format.decode(&self.bytes[..whole], out);
        self.bytes.copy_within(whole..filled, 0);
        self.left = filled - whole;
        Ok(got > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of this size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn samples_are_the_same_however_they_come() {
        let of = |sample, channels, bytes: &[u8], piece| {
            let format = PcmFormat {
                rate_hz: 8_000,
                channels,
                sample,
            };
            let mut reader = PcmReader::new(Pieces(bytes, piece), format, 3);
            let mut out = Vec::new();
            while reader.read(&mut out).unwrap() {}
            out
        };
        let ints: Vec<u8> = [0_i16, 16_384, -32_768, 32_767, 8_192, -8_192]
            .iter()
            .flat_map(|s| s.to_le_bytes())
            .collect();
        let floats: Vec<u8> = [0.5_f32, -1.5, 0.25, 1.0]
            .iter()
            .flat_map(|s| s.to_le_bytes())
            .collect();
        for piece in [1, 2, 3, 5, 100] {
            let mono = [0.0, 0.5, -1.0, 32_767.0 / 32_768.0, 0.25, -0.25];
            assert_eq!(of(PcmSample::S16, 1, &ints, piece), mono);
            assert_eq!(of(PcmSample::S16, 2, &ints, piece), [0.25, -1.0 / 65_536.0, 0.0]);
            assert_eq!(of(PcmSample::F32, 2, &floats, piece), [-0.5, 0.625]);
            // An incomplete frame at the end is dropped.
            assert_eq!(of(PcmSample::F32, 2, &floats[..13], piece), [-0.5]);
        }
    }
}
