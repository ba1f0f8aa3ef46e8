//! Limits on products of sizes. Each key may be in its range and all of them together ask for more memory or time than any machine has; a
//! recipe may come from anybody, inside a model file. Nothing is allocated before these checks.

use super::FrontEnd;
use crate::clip_features::HandcraftedFeatures;
use crate::segments::{Segmenter, Segments};
use crate::stft::{Framing, Stft};
use earmark_core::ConfigError;

/// Most samples that are transformed for each sample of a clip. Usual are 2 to 16.
pub(crate) const MOST_OVERLAP: usize = 4_096;
/// Most weights of a mel bank: 128 MiB while it is computed. Usual are 30,000 to 300,000.
const MOST_MEL_WEIGHTS: usize = 1 << 24;
/// Most numbers of a second of features. Usual are 4,000 to 40,000.
const MOST_NUMBERS_PER_SECOND: f64 = 4e6;
/// Most frames of segments for each frame of a clip. Usual are 1 to 10.
const MOST_SEGMENTS_PER_FRAME: usize = 4_096;
/// Most samples that a segment spans: 11 minutes at 48 kHz. Windows of that length are cut from long recordings.
const MOST_SEGMENT_SAMPLES: usize = 1 << 25;
/// Most samples that a clip is padded to.
const MOST_PADDED_SAMPLES: f64 = (1_u64 << 26) as f64;

/// Most numbers of a segment, `[channels, bands, frames]`: 32 MiB. Usual are 6,400 to 2,000,000.
pub const MOST_SEGMENT_NUMBERS: usize = 1 << 23;

/// What a network takes of a segment, computed from the settings alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputShape {
    /// Channels after postprocessing.
    pub channels: usize,
    /// Mel bands or bins; 1 for handcrafted features.
    pub bands: usize,
    /// Frames of a segment; `None` where each clip is one segment of its own length.
    pub frames: Option<usize>,
    /// Frames of a second of sound, in general a fraction.
    pub frames_per_second: f64,
}

impl InputShape {
    /// Numbers of a segment with this many frames.
    pub fn numbers(&self, frames: usize) -> usize {
        self.channels.saturating_mul(self.bands).saturating_mul(frames)
    }
}

impl FrontEnd {
    /// The shape of a segment. Unlike [`Extractor::new`](crate::Extractor::new), it makes no tables.
    ///
    /// # Errors
    ///
    /// What [`Check::check`](earmark_core::Check::check) refuses.
    pub fn input_shape(&self) -> Result<InputShape, ConfigError> {
        let checked = self.checked()?;
        let (base, bands) = match self.handcrafted {
            true => (HandcraftedFeatures::COUNT, 1),
            false => (self.spectrogram_channels(), self.bands(&checked.framing)),
        };
        Ok(InputShape {
            channels: self.postprocess.channels(base),
            bands,
            frames: checked.segmenter.map(|segmenter| segmenter.length),
            frames_per_second: checked.frames_per_second,
        })
    }

    /// Refuses sizes that are in range one by one and absurd together.
    pub(super) fn check_sizes(
        &self,
        framing: &Framing,
        segmenter: Option<&Segmenter>,
        frames_per_second: f64,
    ) -> Result<(), ConfigError> {
        check_overlap(&self.stft, framing)?;
        self.check_mel_weights(framing)?;
        self.check_padding()?;
        if self.handcrafted {
            return Ok(());
        }
        let channels = self.postprocess.channels(self.spectrogram_channels());
        let rows = channels * self.bands(framing);
        self.check_numbers_per_second(rows, framing, frames_per_second)?;
        match (segmenter, &self.segments) {
            (Some(segmenter), Some(segments)) => {
                check_segments(segments, segmenter, rows)?;
                check_segment_samples(segments, segmenter, framing)
            }
            _ => Ok(()),
        }
    }

    fn check_mel_weights(&self, framing: &Framing) -> Result<(), ConfigError> {
        let Some(mel) = &self.mel else { return Ok(()) };
        let (bands, bins) = (mel.bands as usize, framing.bins());
        let remedy = format!(
            "give at most {} bands, or a shorter front-end.stft.fft-samples",
            MOST_MEL_WEIGHTS / bins
        );
        ConfigError::unless(
            bands.saturating_mul(bins) <= MOST_MEL_WEIGHTS,
            "mel.bands",
            bands,
            remedy,
        )
        .map_err(|error| error.because(format!("is too many for the {bins} bins of a frame")))
    }

    fn check_padding(&self) -> Result<(), ConfigError> {
        let seconds = self
            .trim
            .as_ref()
            .and_then(|trim| trim.min_seconds)
            .unwrap_or(0.0);
        let rate = self.sample_rate_hz;
        let remedy = format!(
            "give at most {:.0}, or leave it out",
            MOST_PADDED_SAMPLES / f64::from(rate)
        );
        let fits = seconds * f64::from(rate) <= MOST_PADDED_SAMPLES;
        ConfigError::unless(fits, "trim.min-seconds", seconds, remedy)
            .map_err(|error| error.because(format!("pads every clip to that length at {rate} Hz")))
    }

    fn check_numbers_per_second(
        &self,
        rows: usize,
        framing: &Framing,
        frames_per_second: f64,
    ) -> Result<(), ConfigError> {
        let numbers = rows as f64 * frames_per_second;
        let (key, value) = hop_key(&self.stft, framing);
        let remedy = format!(
            "give at least {} samples, or fewer bands",
            (framing.hop as f64 * numbers / MOST_NUMBERS_PER_SECOND).ceil()
        );
        ConfigError::unless(numbers <= MOST_NUMBERS_PER_SECOND, key, value, remedy)
            .map_err(|error| error.because(format!("makes {numbers:.0} numbers of each second of sound")))
    }
}

/// The key that the hop is given by, with its value.
fn hop_key(stft: &Stft, framing: &Framing) -> (&'static str, String) {
    match stft.hop_seconds {
        Some(seconds) => ("stft.hop-seconds", seconds.to_string()),
        None => ("stft.hop-samples", framing.hop.to_string()),
    }
}

fn check_overlap(stft: &Stft, framing: &Framing) -> Result<(), ConfigError> {
    let Framing { hop, fft, .. } = *framing;
    let (key, value) = hop_key(stft, framing);
    let least = fft.div_ceil(MOST_OVERLAP);
    let remedy = format!("give at least {least} samples, or a shorter front-end.stft.fft-samples");
    ConfigError::unless(hop >= least, key, value, remedy).map_err(|error| {
        error.because(format!(
            "is too short for transforms of {fft} samples: each sample would be in {} of them",
            fft / hop
        ))
    })
}

/// The key that the length of segments is given by, with its value.
fn length_key(segments: &Segments, segmenter: &Segmenter) -> (&'static str, String) {
    match segments.length_seconds {
        Some(seconds) => ("segments.length-seconds", seconds.to_string()),
        None => ("segments.length-frames", segmenter.length.to_string()),
    }
}

fn check_segment_samples(
    segments: &Segments,
    segmenter: &Segmenter,
    framing: &Framing,
) -> Result<(), ConfigError> {
    let (key, value) = length_key(segments, segmenter);
    let samples = segmenter.length.saturating_mul(framing.hop);
    let remedy = format!("give at most {} frames", MOST_SEGMENT_SAMPLES / framing.hop);
    ConfigError::unless(samples <= MOST_SEGMENT_SAMPLES, key, value, remedy)
        .map_err(|error| error.because(format!("makes segments of {samples} samples")))
}

/// `rows` is channels times bands.
fn check_segments(segments: &Segments, segmenter: &Segmenter, rows: usize) -> Result<(), ConfigError> {
    let Segmenter { length, hop, .. } = *segmenter;
    let (key, value) = length_key(segments, segmenter);
    let remedy = format!(
        "give at most {} frames, or fewer bands",
        MOST_SEGMENT_NUMBERS / rows.max(1)
    );
    let fits = length.saturating_mul(rows) <= MOST_SEGMENT_NUMBERS;
    ConfigError::unless(fits, key, value, remedy).map_err(|error| {
        error.because(format!(
            "makes segments of {rows} x {length} numbers (channels and bands, frames)"
        ))
    })?;
    let (key, value) = match segments.hop_seconds {
        Some(seconds) => ("segments.hop-seconds", seconds.to_string()),
        None => ("segments.hop-frames", hop.to_string()),
    };
    let least = length.div_ceil(MOST_SEGMENTS_PER_FRAME);
    let remedy = format!("give at least {least} frames");
    ConfigError::unless(hop >= least, key, value, remedy).map_err(|error| {
        error.because(format!(
            "would put each frame into {} segments of {length} frames",
            length / hop
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::Check;

    /// The refusal of a small front end with these keys.
    fn refused(keys: &str) -> String {
        let text = format!("sample-rate-hz = 16000\namplitude = \"linear\"\n{keys}");
        let front_end: FrontEnd = toml::from_str(&text).unwrap();
        front_end.check().unwrap_err().to_string()
    }

    #[test]
    fn products_are_limited_where_each_key_is_in_range() {
        for (keys, wanted) in [
            (
                "stft = { window-samples = 400, hop-samples = 100, fft-samples = 524288 }",
                "stft.hop-samples = 100: is too short for transforms of 524288 samples: each sample would be in 5242 of them; give at \
                 least 128 samples, or a shorter front-end.stft.fft-samples",
            ),
            (
                "stft = { window-seconds = 0.025, hop-seconds = 0.02, fft-samples = 131072 }\nmel = { bands = 2000, min-hz = 0, max-hz = 8000 }",
                "mel.bands = 2000: is too many for the 65537 bins of a frame; give at most 255 bands, or a shorter \
                 front-end.stft.fft-samples",
            ),
            (
                "stft = { window-samples = 2048, hop-samples = 2 }",
                "stft.hop-samples = 2: makes 8200000 numbers of each second of sound; give at least 5 samples, or fewer bands",
            ),
            (
                "stft = { window-samples = 400, hop-samples = 160 }\nsegments = { length-seconds = 1000, hop-seconds = 1000 }",
                "segments.length-seconds = 1000: makes segments of 257 x 100000 numbers (channels and bands, frames); give at most 32640 \
                 frames, or fewer bands",
            ),
            (
                "stft = { window-samples = 64, hop-samples = 1000000 }\nsegments = { length-frames = 100, hop-frames = 100 }",
                "segments.length-frames = 100: makes segments of 100000000 samples; give at most 33 frames",
            ),
            (
                "stft = { window-samples = 64, hop-samples = 64 }\nsegments = { length-frames = 200000, hop-frames = 40 }",
                "segments.hop-frames = 40: would put each frame into 5000 segments of 200000 frames; give at least 49 frames",
            ),
        ] {
            assert_eq!(refused(keys), wanted);
        }
        let text = "sample-rate-hz = 48000\namplitude = \"linear\"\nstft = { window-samples = 400, hop-samples = 160 }\n\
                    trim = { min-seconds = 3600 }";
        let front_end: FrontEnd = toml::from_str(text).unwrap();
        assert_eq!(
            front_end.check().unwrap_err().to_string(),
            "trim.min-seconds = 3600: pads every clip to that length at 48000 Hz; give at most 1398, or leave it out"
        );
    }

    #[test]
    fn frames_of_trimming_are_limited() {
        let stft = "stft = { window-samples = 400, hop-samples = 160 }\n";
        assert_eq!(
            refused(&format!(
                "{stft}trim = {{ frame-samples = 4000000000, hop-samples = 100000000 }}"
            )),
            "trim.frame-samples = 4000000000: must be 1 to 1048576; librosa's is 2048"
        );
        assert_eq!(
            refused(&format!(
                "{stft}trim = {{ frame-samples = 1000000, hop-samples = 7 }}"
            )),
            "trim.hop-samples = 7: would put each sample into 142857 frames of 1000000 samples; give at least 245; a quarter of \
             front-end.trim.frame-samples is usual"
        );
    }

    #[test]
    fn what_systems_use_is_far_below_the_limits() {
        let text = "sample-rate-hz = 44100\namplitude = \"linear\"\n\
                    stft = { window-samples = 2560, hop-samples = 345, fft-samples = 16384, centre = \"reflect\" }\n\
                    mel = { bands = 256, min-hz = 20, max-hz = 22050 }\n\
                    segments = { length-seconds = 60, hop-seconds = 1 }\npostprocess = { deltas = {} }";
        let front_end: FrontEnd = toml::from_str(text).unwrap();
        front_end.check().unwrap();
        let shape = front_end.input_shape().unwrap();
        let extractor = crate::Extractor::new(&front_end).unwrap();
        assert_eq!(shape.channels, extractor.channels());
        assert_eq!(shape.bands, extractor.bands());
        assert_eq!(shape.frames, extractor.segment_frames());
        assert_eq!(shape.numbers(10), 3 * 256 * 10);
    }
}
