//! `[train.start]` of a recipe: another model's weights as the start of a training (warm start).

use super::prefixes::ParameterPrefixes;
use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[train.start]` of a recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StartConfig {
    /// Model file, RUN, RUN@STEP, or the name of a model in the catalogue. Of a cross-validation run, the model of the same test fold.
    pub from: String,
    /// Prefixes of the variables to transfer; all of them without this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Prefixes of the variables to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether the moving statistics of BatchNorm are transferred as well.
    #[serde(default)]
    pub statistics: bool,
    /// For classes of this training, the classes of the other model that they start from: the mean of their weights in the classifier.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, Vec<String>>,
}

impl StartConfig {
    /// All variables of a model, without the moving statistics.
    pub fn new(from: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            ..Self::default()
        }
    }

    /// Which variables are transferred.
    pub fn prefixes(&self) -> ParameterPrefixes {
        ParameterPrefixes {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
        }
    }
}

impl Check for StartConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "name a model file, a run or a model of the catalogue";
        ConfigError::unless(!self.from.is_empty(), "from", "\"\"", remedy)?;
        match self.classes.iter().find(|(_, others)| others.is_empty()) {
            None => Ok(()),
            Some((class, _)) => {
                let remedy = "name at least one class of the other model, or leave this one out";
                Err(ConfigError::new(format!("classes.{class}"), "[]", remedy))
            }
        }
    }
}
