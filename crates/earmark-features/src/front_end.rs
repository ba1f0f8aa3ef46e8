//! A front end as a recipe spells it out.

use crate::{
    error::ConfigError,
    examples::{Cutting, Examples},
    finish::Finish,
    level::Level,
    mel::Mel,
    stft::{Framing, Stft},
    summary::{self, Summariser},
    trimming::Trimming,
};
use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use serde::{Deserialize, Serialize};

/// Everything between samples and a network's input.
///
/// Nothing is filled in behind one's back: a recipe gives `sample-rate-hz`, `stft` and `level`; without `mel` the bins of the
/// spectrum stay as they are, without `examples` a clip is one example of its own length, and without `finish` nothing
/// follows the level.
///
/// ```
/// let argus: earmark_features::FrontEnd = toml::from_str(r#"
///     sample-rate-hz = 44100
///     stft = { window-samples = 2560, hop-samples = 690, fft-samples = 2560, centre = "reflect", value = "power" }
///     mel = { bands = 128, min-hz = 20, max-hz = 22050, scale = "slaney", triangles = "hz", norm = "slaney" }
///     level.db = { top-db = 80 }
///     examples = { length-frames = 256, hop-frames = 64, pad = "minimum", place = "centre" }
///     finish = { deltas = {}, scale = { divide = 100 } }
/// "#)?;
/// argus.check()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FrontEnd {
    /// The rate that clips must have.
    #[serde(deserialize_with = "crate::whole::whole")]
    pub sample_rate_hz: u32,
    /// Silence at both ends of a clip that is cut first; left out, clips stay whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<Trimming>,
    /// Lifts high frequencies before anything else: `y[t] = x[t + 1] - c x[t]`, a sample fewer than the clip has. `c` lies between
    /// 0 and 1, usual is 0.97; left out, samples are taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_emphasis: Option<f64>,
    /// Framing and transform.
    pub stft: Stft,
    /// Bands; left out, the bins of the spectrum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mel: Option<Mel>,
    /// Compression.
    pub level: Level,
    /// The summary features of the whole clip in place of its spectrogram: 1,133 channels of one band and one frame.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub summary: bool,
    /// What a network hears of the whole clip besides its spectrogram; left out, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Examples; left out, each clip is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<Examples>,
    /// What follows augmentation.
    #[serde(default)]
    pub finish: Finish,
}

/// Numbers about a whole clip that go beside its spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The 1,133 summary features, of the clip at 44.1 kHz and cut as `trim` says.
    Summary,
}

impl Side {
    /// How many numbers.
    pub fn len(self) -> usize {
        match self {
            Self::Summary => Summariser::COUNT,
        }
    }

    /// Whether there are none: never.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Default for FrontEnd {
    /// The DCASE 2019 baseline's (FSDKaggle2019): log-mel of 96 bands every 10 ms, examples of one second every half.
    fn default() -> Self {
        Self {
            sample_rate_hz: 44_100,
            trim: None,
            pre_emphasis: None,
            stft: Stft::default(),
            mel: Some(Mel::default()),
            level: Level::default(),
            summary: false,
            side: None,
            examples: Some(Examples::default()),
            finish: Finish::default(),
        }
    }
}

/// Raised whenever the same front end and samples would give other base features, so that stored ones are made anew.
const BASE_VERSION: u32 = 1;

/// What a fingerprint says of summary features; the number grows where they change.
const SUMMARY_VERSION: &str = "; summary 2";

/// A checked front end in samples and frames.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub framing: Framing,
    pub cutting: Option<Cutting>,
    pub frames_per_second: f64,
}

impl FrontEnd {
    /// Checks every key, and how they go together; nothing is computed.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.checked().map(|_| ())
    }

    pub(crate) fn checked(&self) -> Result<Checked, ConfigError> {
        let rate = self.sample_rate_hz;
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&rate) {
            return Err(ConfigError::new(
                "sample-rate-hz",
                rate,
                format!("is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}"),
                "usual are 16000 to 48000",
            ));
        }
        self.trim.iter().try_for_each(Trimming::check)?;
        if let Some(c) = self.pre_emphasis
            && !(c > 0.0 && c < 1.0)
        {
            return Err(ConfigError::new(
                "pre-emphasis",
                c,
                "is not between 0 and 1",
                "usual is 0.97; leave it out for none",
            ));
        }
        let framing = self.stft.framing(rate)?;
        if self.stft.phase && self.mel.is_some() {
            return Err(ConfigError::new(
                "stft.phase",
                true,
                "cannot go with front-end.mel, as angles cannot be summed",
                "leave out one of the two",
            ));
        }
        if let Some(mel) = &self.mel {
            mel.check(rate)?;
        }
        self.level.check()?;
        if self.summary {
            summary::check(self, &framing)?;
            if self.side.is_some() {
                return Err(ConfigError::new(
                    "side",
                    "summary",
                    "says once more what front-end.summary = true says",
                    "leave out one of the two",
                ));
            }
        }
        let frames_per_second = f64::from(rate) / framing.hop as f64;
        let cutting = self
            .examples
            .as_ref()
            .map(|examples| examples.cutting(frames_per_second))
            .transpose()?;
        let bands = self.mel.as_ref().map_or(framing.bins(), |mel| mel.bands as usize);
        self.finish
            .check(bands, cutting.as_ref().map(|cutting| cutting.length))?;
        Ok(Checked {
            framing,
            cutting,
            frames_per_second,
        })
    }

    /// The front end that makes the numbers beside the spectrogram, one frame of so many channels; `None` where there are none.
    pub fn of_side(&self) -> Option<Self> {
        let Side::Summary = self.side?;
        let whole = Examples {
            length_frames: Some(1),
            hop_frames: Some(1),
            length_seconds: None,
            hop_seconds: None,
            ..Examples::default()
        };
        Some(Self {
            sample_rate_hz: Summariser::SAMPLE_RATE_HZ,
            trim: self.trim.clone(),
            pre_emphasis: None,
            stft: summary::stft(),
            mel: None,
            level: Level::Linear,
            summary: true,
            side: None,
            examples: Some(whole),
            finish: Finish::default(),
        })
    }

    /// How many numbers go beside the spectrogram.
    pub fn side_len(&self) -> usize {
        self.side.map_or(0, Side::len)
    }

    /// What determines [`Extractor::base_of_clip`](crate::Extractor::base_of_clip), as one line: equal lines mean equal base
    /// features of the same clip. Seconds and samples that come to the same are the same here.
    pub fn fingerprint(&self) -> Result<String, ConfigError> {
        let Checked { framing, .. } = self.checked()?;
        let Framing {
            window,
            hop,
            fft,
            centre,
        } = framing;
        let Stft {
            window: shape,
            value,
            phase,
            ..
        } = &self.stft;
        // Said only where there is one: features that were kept before the key existed stay good.
        let emphasis = self
            .pre_emphasis
            .map_or(String::new(), |c| format!("; pre-emphasis {c:?}"));
        let summary = if self.summary { SUMMARY_VERSION } else { "" };
        Ok(format!(
            "base {BASE_VERSION}; {} Hz; {shape:?} {window}, hop {hop}, fft {fft}, centre {centre:?}, {value:?}, phase {phase}; \
             {:?}; {:?}{emphasis}{summary}{}",
            self.sample_rate_hz,
            self.mel,
            self.level,
            self.trim_fingerprint()
        ))
    }

    /// What determines [`Extractor::trim`](crate::Extractor::trim): the end of the fingerprint, empty where nothing is cut.
    pub fn trim_fingerprint(&self) -> String {
        self.trim
            .as_ref()
            .map_or_else(String::new, |trim| format!("; {trim:?}"))
    }
}
