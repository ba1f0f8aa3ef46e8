//! Networks that others have published, by name.

use super::{efficientat, image_body, panns};
use earmark_models::VarSpec;
use earmark_models::networks::panns::PannsBackbone;
use earmark_recipe::{Recipe, RecipeError};

/// A published network and its front end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Architecture {
    /// EfficientAT's MobileNetV3 (`efficientat-mn10`): width in tenths, hop in milliseconds, mel bands.
    EfficientAt {
        /// Ten times the width.
        tenths: u32,
        /// Distance between frames; 10 unless the name ends in `-hop-N`.
        hop_ms: u32,
        /// Bands; 128 unless the name ends in `-mels-N`.
        bands: u32,
    },
    /// One of PANNs' (`panns-cnn14`, `panns-mobilenet-v1`).
    Panns {
        /// Which.
        body: PannsBackbone,
    },
    /// The body of MobileNet v2, trained on images: no tagger, but a start for one (`mobilenet-v2-imagenet`).
    ImageBody,
}

impl Architecture {
    /// The one of that name. Case, `_` for `-`, a leading `efficientat-` and the `-as` of "trained on AudioSet" make no difference.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('_', "-");
        if image_body::is(&name) {
            return Some(Self::ImageBody);
        }
        efficientat::parse(name.strip_prefix("efficientat-").unwrap_or(&name)).or_else(|| panns::parse(&name))
    }

    /// What `--as` may say, for messages.
    pub const KNOWN: &str = "efficientat-mn04 (or 01 to 40, the width in tenths; -hop-15, -mels-64 for those variants), panns-cnn14, panns-cnn10, panns-mobilenet-v1 and panns-mobilenet-v2, mobilenet-v2-imagenet (the body alone)";

    /// Its name in full.
    pub fn name(&self) -> String {
        match *self {
            Self::EfficientAt {
                tenths,
                hop_ms,
                bands,
            } => {
                let mut name = format!("efficientat-mn{tenths:02}");
                if hop_ms != 10 {
                    name.push_str(&format!("-hop-{hop_ms}"));
                }
                if bands != 128 {
                    name.push_str(&format!("-mels-{bands}"));
                }
                name
            }
            Self::Panns { body } => panns::name(body),
            Self::ImageBody => image_body::NAME.into(),
        }
    }

    /// Front end and network, as a recipe.
    ///
    /// # Errors
    /// If the name asks for what no network can be (such as no mel bands).
    pub fn recipe(&self) -> Result<Recipe, RecipeError> {
        match self {
            Self::EfficientAt {
                tenths,
                hop_ms,
                bands,
            } => efficientat::recipe(&self.name(), *tenths, *hop_ms, *bands),
            Self::Panns { body } => panns::recipe(*body),
            Self::ImageBody => image_body::recipe(1.0),
        }
    }

    /// The name that the publication gives one of our variables.
    pub fn their_name(&self, ours: &VarSpec, all: &[VarSpec]) -> String {
        let has = |begin: &str| all.iter().any(|s| s.name.starts_with(begin));
        match self {
            Self::EfficientAt { .. } => efficientat::their_name(&ours.name, has),
            Self::Panns { body } => panns::their_name(*body, &ours.name, has),
            Self::ImageBody => image_body::Library::Torchvision
                .their_name(&ours.name)
                .unwrap_or_else(|| ours.name.clone()),
        }
    }

    /// What a checkpoint may hold besides the network's variables: counters of batches, and the tables of PANNs' front end (windowed
    /// sines and mel bands as weights that never moved), which ours computes.
    pub fn ignores(&self, theirs: &str) -> bool {
        let tables = ["spectrogram_extractor.", "logmel_extractor."];
        theirs.ends_with(".num_batches_tracked")
            || matches!(self, Self::Panns { .. }) && tables.iter().any(|t| theirs.starts_with(t))
    }

    /// The name of a checkpoint's mel bank `[bins, bands]`, where it holds one.
    pub fn mel_bank(&self) -> Option<&'static str> {
        match self {
            Self::EfficientAt { .. } | Self::ImageBody => None,
            Self::Panns { .. } => Some("logmel_extractor.melW"),
        }
    }

    /// A network of the same kind that these shapes would fit: `shape_of` gives a tensor's shape by the publication's name.
    pub fn fitting(&self, shape_of: impl Fn(&str) -> Option<Vec<usize>>) -> Option<String> {
        match self {
            Self::EfficientAt { .. } => efficientat::fitting(shape_of),
            Self::Panns { .. } | Self::ImageBody => None,
        }
    }

    /// Licence of the published weights.
    pub fn licence(&self) -> &'static str {
        match self {
            Self::EfficientAt { .. } => "MIT",
            Self::Panns { .. } => "CC-BY-4.0",
            Self::ImageBody => "BSD-3-Clause",
        }
    }

    /// Where they were published.
    pub fn home(&self) -> &'static str {
        match self {
            Self::EfficientAt { .. } => "https://github.com/fschmid56/EfficientAT",
            Self::Panns { .. } => "https://zenodo.org/records/3987831",
            Self::ImageBody => "https://github.com/pytorch/vision",
        }
    }
}
