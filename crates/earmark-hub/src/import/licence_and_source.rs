//! The licences of published weights, where they come from, and how a model file gets both.

use super::Import;
use earmark_core::VERSION;
use earmark_engine::{FORMAT, ModelMeta};
use earmark_recipe::Recipe;

/// Licence of published weights, and where they were published.
pub(in crate::import) struct Origin {
    pub licence: &'static str,
    pub homepage: &'static str,
}

pub(in crate::import) const EFFICIENTAT: Origin = Origin {
    licence: "MIT",
    homepage: "https://github.com/fschmid56/EfficientAT",
};

pub(in crate::import) const PANNS: Origin = Origin {
    licence: "CC-BY-4.0",
    homepage: "https://zenodo.org/records/3987831",
};

// The licence of the project, whose page links the weights.
pub(in crate::import) const ARGUS_2019: Origin = Origin {
    licence: "MIT",
    homepage: "https://github.com/lRomul/argus-freesound",
};

// Licences of the projects that publish the weights of the image backbone; ImageNet's own terms may apply as well.
pub(in crate::import) const TORCHVISION: Origin = Origin {
    licence: "BSD-3-Clause",
    homepage: "https://github.com/pytorch/vision",
};

pub(in crate::import) const KERAS: Origin = Origin {
    licence: "MIT",
    homepage: "https://github.com/keras-team/keras-applications",
};

/// What the model file says of itself, with the licence of its `origin`, and the homepage and file name as its source
/// unless the job names another.
pub(in crate::import) fn model_meta(
    job: &Import,
    mut recipe: Recipe,
    classes: Vec<String>,
    origin: Origin,
) -> ModelMeta {
    let source = job.source.clone().unwrap_or_else(|| {
        let name = job.file.file_name().unwrap_or_default().to_string_lossy();
        format!("{} ({name})", origin.homepage)
    });
    recipe.licence = Some(origin.licence.into());
    ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes,
        licence: recipe.licence,
        source: Some(source),
        calibration: None,
        step: 0,
    }
}
