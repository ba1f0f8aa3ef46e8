//! The published networks by name, and what sets each apart: recipe, names of tensors, which of them are ignored,
//! origin.

use super::{EfficientAtVariant, argus_2019, efficientat, image_backbone, panns};
use crate::import::licence_and_source::{ARGUS_2019, EFFICIENTAT, Origin, PANNS};
use crate::import::tensors::Checkpoint;
use earmark_models::VarSpec;
use earmark_models::networks::panns::PannsBackbone;
use earmark_recipe::{Recipe, RecipeError};

/// A published network and its front end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PublishedArchitecture {
    /// EfficientAT's MobileNetV3 (`efficientat-mn10`).
    EfficientAt(EfficientAtVariant),
    /// One of the PANNs (`panns-cnn14`, `panns-mobilenet-v1`).
    Panns(PannsBackbone),
    /// One of the three networks of argus-2019; which one, its checkpoint says (`argus-2019`).
    Argus2019,
    /// The backbone of MobileNet v2, trained on images: a start for training, without classes
    /// (`mobilenet-v2-imagenet`).
    ImageBackbone,
}

impl PublishedArchitecture {
    /// The network of that name. Case, `_` for `-`, a leading `efficientat-` and the `-as` of "trained on AudioSet"
    /// make no difference.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('_', "-");
        if image_backbone::is_name(&name) {
            return Some(Self::ImageBackbone);
        }
        if name == argus_2019::NAME {
            return Some(Self::Argus2019);
        }
        EfficientAtVariant::parse(name.strip_prefix("efficientat-").unwrap_or(&name))
            .map(Self::EfficientAt)
            .or_else(|| panns::parse(&name).map(Self::Panns))
    }

    /// The names that `--as` accepts, for messages.
    pub const KNOWN: &str = "efficientat-mn04 (or 01 to 40, the width in tenths; -hop-15, -mels-64 for those \
                             variants), panns-cnn14, panns-cnn10, panns-mobilenet-v1 and panns-mobilenet-v2, \
                             argus-2019, mobilenet-v2-imagenet (the backbone alone)";

    /// Its full name.
    pub fn name(&self) -> String {
        match self {
            Self::EfficientAt(variant) => variant.name(),
            Self::Panns(backbone) => panns::name(*backbone),
            Self::Argus2019 => argus_2019::NAME.into(),
            Self::ImageBackbone => image_backbone::NAME.into(),
        }
    }

    /// Front end and network, as a recipe. Of argus-2019, this is the network with auxiliary outputs.
    ///
    /// # Errors
    /// If the name asks for a network that can't exist (for example without mel bands).
    pub fn recipe(&self) -> Result<Recipe, RecipeError> {
        match self {
            Self::EfficientAt(variant) => variant.recipe(),
            Self::Panns(backbone) => panns::recipe(*backbone),
            Self::Argus2019 => argus_2019::recipe(&Checkpoint::new()),
            Self::ImageBackbone => image_backbone::recipe(1.0),
        }
    }

    /// The same, with the network that the checkpoint holds.
    pub(in crate::import) fn recipe_of(&self, checkpoint: &Checkpoint) -> Result<Recipe, RecipeError> {
        match self {
            Self::Argus2019 => argus_2019::recipe(checkpoint),
            _ => self.recipe(),
        }
    }

    /// The name that the publication gives to one of our variables; `all` are the variables of the network.
    pub fn upstream_name(&self, ours: &VarSpec, all: &[VarSpec]) -> String {
        let has = |prefix: &str| all.iter().any(|s| s.name.starts_with(prefix));
        match self {
            Self::EfficientAt(_) => efficientat::upstream_name(&ours.name, has),
            Self::Panns(backbone) => panns::upstream_name(*backbone, &ours.name, has),
            Self::Argus2019 => argus_2019::upstream_name(&ours.name),
            Self::ImageBackbone => image_backbone::Library::Torchvision
                .upstream_name(&ours.name)
                .unwrap_or_else(|| ours.name.clone()),
        }
    }

    /// Whether a checkpoint may hold this tensor although the network has no such variable: counters of batches, and
    /// the tables of the PANNs' front end (windowed sines and mel bands as weights that never moved), which our front
    /// end computes.
    pub fn ignores(&self, upstream_name: &str) -> bool {
        let tables = ["spectrogram_extractor.", "logmel_extractor."];
        upstream_name.ends_with(".num_batches_tracked")
            || matches!(self, Self::Panns(_)) && tables.iter().any(|t| upstream_name.starts_with(t))
    }

    /// The name of a checkpoint's mel bank `[bins, bands]`, where it holds one.
    pub fn mel_bank(&self) -> Option<&'static str> {
        matches!(self, Self::Panns(_)).then_some("logmel_extractor.melW")
    }

    /// The variant of this network that has these shapes; `shape_of` returns a tensor's shape by its upstream name.
    pub fn variant_of_shapes(&self, shape_of: impl Fn(&str) -> Option<Vec<usize>>) -> Option<String> {
        let Self::EfficientAt(_) = self else { return None };
        efficientat::variant_of_shapes(shape_of)
    }

    /// Licence of the published weights.
    pub fn licence(&self) -> &'static str {
        self.origin().licence
    }

    /// Where the weights were published.
    pub fn homepage(&self) -> &'static str {
        self.origin().homepage
    }

    pub(in crate::import) fn origin(&self) -> Origin {
        match self {
            Self::EfficientAt(_) => EFFICIENTAT,
            Self::Panns(_) => PANNS,
            Self::Argus2019 => ARGUS_2019,
            Self::ImageBackbone => image_backbone::Library::Torchvision.origin(),
        }
    }
}
