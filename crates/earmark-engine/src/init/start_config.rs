//! `[train.start]`: another model's weights as the start of a training.

use crate::init::warm_start::Scopes;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[train.start]` of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StartConfig {
    /// Model file, RUN, RUN@STEP, or the name of a model in the catalogue. Of a run of folds, that of the fold which is judged.
    pub from: String,
    /// Prefixes of the variables that come over; all of them without this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Prefixes of those that do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether the moving statistics of BatchNorm come over as well.
    #[serde(default)]
    pub statistics: bool,
    /// For classes of this training those of the other model that they begin as: the mean of their weights in the classifier.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, Vec<String>>,
}

impl StartConfig {
    /// Everything of a model but its statistics.
    pub fn of(from: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            include: Vec::new(),
            exclude: Vec::new(),
            statistics: false,
            classes: BTreeMap::new(),
        }
    }

    /// Which of its variables come over.
    pub fn scopes(&self) -> Scopes {
        Scopes {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
        }
    }

    /// Refuses values that can't work.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.from.is_empty() {
            let remedy = "name a model file, a run or a model of the catalogue";
            return Err(("start.from".into(), "\"\"".into(), remedy));
        }
        match self.classes.iter().find(|(_, others)| others.is_empty()) {
            None => Ok(()),
            Some((class, _)) => Err((
                format!("start.classes.{class}"),
                "[]".into(),
                "name at least one class of the other model, or leave this one out",
            )),
        }
    }
}
