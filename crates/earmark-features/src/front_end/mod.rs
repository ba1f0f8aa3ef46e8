//! A front end as a recipe spells it out.

mod check;
mod fingerprint;
mod handcrafted_check;
mod more_windows;
mod no_spectrogram;
mod size_limits;
mod waveform_check;

pub(crate) use check::CheckedFrontEnd;
pub(crate) use size_limits::MOST_OVERLAP;
pub use size_limits::{InputShape, MOST_SEGMENT_NUMBERS};

use crate::{
    amplitude::AmplitudeScale,
    clip_features::HandcraftedFeatures,
    mel::Mel,
    positive_integer,
    postprocess::Postprocess,
    segments::{SegmentPad, SegmentPlacement, Segments},
    stft::Stft,
    trimming::Trimming,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything between samples and a network's input.
///
/// Nothing is implied: a recipe gives `sample-rate-hz`, `stft` and `amplitude`; without `mel` the bins of the
/// spectrum are used as they are, without `segments` a clip is one segment of its own length, and without
/// `postprocess` nothing follows the amplitude scale.
///
/// ```
/// use earmark_core::Check;
///
/// let argus: earmark_features::FrontEnd = toml::from_str(r#"
///     sample-rate-hz = 44100
///     stft = { window-samples = 2560, hop-samples = 690, fft-samples = 2560, centre = "reflect", value = "power" }
///     mel = { bands = 128, min-hz = 20, max-hz = 22050, scale = "slaney", triangles = "hz", norm = "slaney" }
///     amplitude.db = { top-db = 80 }
///     segments = { length-frames = 256, hop-frames = 64, pad = "minimum", place = "centre" }
///     postprocess = { deltas = {}, scale = { divide = 100 } }
/// "#)?;
/// argus.check()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FrontEnd {
    /// Sample rate in hertz; recordings of other rates are resampled to it.
    #[serde(deserialize_with = "positive_integer::required")]
    pub sample_rate_hz: u32,
    /// Cuts silence off both ends of a clip first; left out, clips stay whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<Trimming>,
    /// Pre-emphasis of high frequencies before the transform: `y[t] = x[t + 1] - c x[t]`, one sample fewer than the
    /// clip has. Between 0 and 1, usually 0.97; left out, samples are used as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_emphasis: Option<f64>,
    /// Framing and short-time Fourier transform.
    pub stft: Stft,
    /// Mel bands; left out, the bins of the spectrum are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mel: Option<Mel>,
    /// How the energies of bands or bins are compressed: linear, log, decibels or PCEN.
    pub amplitude: AmplitudeScale,
    /// Uses the 1,133 handcrafted features of the whole clip instead of a spectrogram: 1,133 channels of one band and
    /// one frame. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub handcrafted: bool,
    /// Uses the samples themselves instead of a spectrogram: one channel, one band, a frame per sample. For imported
    /// networks that have their front end inside. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub waveform: bool,
    /// Features of the whole clip that a network takes in addition to the spectrogram; left out, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_features: Option<ClipFeatures>,
    /// Cuts clips into segments of one length; left out, each clip is one segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// What follows augmentation: deltas and scaling.
    #[serde(default)]
    pub postprocess: Postprocess,
}

/// Features of a whole clip that a network takes in addition to its spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClipFeatures {
    /// The 1,133 handcrafted features of the clip at 44.1 kHz, trimmed as `trim` says.
    #[serde(alias = "summary")]
    Handcrafted,
}

impl ClipFeatures {
    /// Number of features.
    pub fn count(self) -> usize {
        match self {
            Self::Handcrafted => HandcraftedFeatures::COUNT,
        }
    }
}

impl Default for FrontEnd {
    /// The DCASE 2019 baseline's (FSDKaggle2019): log-mel of 96 bands every 10 ms, segments of one second every half
    /// second.
    fn default() -> Self {
        Self {
            sample_rate_hz: 44_100,
            trim: None,
            pre_emphasis: None,
            stft: Stft::default(),
            mel: Some(Mel::default()),
            amplitude: AmplitudeScale::default(),
            handcrafted: false,
            waveform: false,
            clip_features: None,
            segments: Some(Segments::default()),
            postprocess: Postprocess::default(),
        }
    }
}

impl FrontEnd {
    /// The front end that computes the clip-level features, as one frame with one channel per feature; `None`
    /// without them.
    pub fn for_clip_features(&self) -> Option<Self> {
        let ClipFeatures::Handcrafted = self.clip_features?;
        let (pad, place) = (SegmentPad::default(), SegmentPlacement::default());
        Some(Self {
            sample_rate_hz: HandcraftedFeatures::SAMPLE_RATE_HZ,
            trim: self.trim.clone(),
            pre_emphasis: None,
            stft: HandcraftedFeatures::stft(),
            mel: None,
            amplitude: AmplitudeScale::Linear,
            handcrafted: true,
            waveform: false,
            clip_features: None,
            segments: Some(Segments::in_frames(1, 1, pad, place)),
            postprocess: Postprocess::default(),
        })
    }

    /// The front end of a network that takes samples: windows of this many, one after the other, the last one filled
    /// with silence.
    pub fn of_waveform(sample_rate_hz: u32, window_samples: u32) -> Self {
        let (pad, place) = (SegmentPad::default(), SegmentPlacement::default());
        Self {
            sample_rate_hz,
            trim: None,
            pre_emphasis: None,
            stft: waveform_check::stft(),
            mel: None,
            amplitude: AmplitudeScale::Linear,
            handcrafted: false,
            waveform: true,
            clip_features: None,
            segments: Some(Segments::in_frames(window_samples, window_samples, pad, place)),
            postprocess: Postprocess::default(),
        }
    }

    /// Whether other windows add channels (`stft.more-window-samples`).
    pub fn has_more_windows(&self) -> bool {
        !self.stft.more_window_samples.is_empty()
    }

    /// Number of clip-level features; 0 without them.
    pub fn clip_feature_count(&self) -> usize {
        self.clip_features.map_or(0, ClipFeatures::count)
    }
}
