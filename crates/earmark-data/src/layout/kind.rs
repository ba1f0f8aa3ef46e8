//! The names of the layouts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a data set is laid out on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutKind {
    /// FSDKaggle2018 (Fonseca et al. 2018): 41 classes, one label per clip; Kaggle's or Zenodo's names.
    Fsdkaggle2018,
    /// FSDKaggle2019 (Fonseca et al. 2019): 80 classes, several labels per clip; Kaggle's or Zenodo's names.
    Fsdkaggle2019,
    /// ESC-50 and its subset ESC-10 (Piczak 2015): one label per clip, five folds.
    Esc50,
    /// UrbanSound8K (Salamon et al. 2014): 10 classes, one label per clip, ten folds.
    Urbansound8k,
    /// FSD50K (Fonseca et al. 2020): 200 classes, several labels per clip; its evaluation set is the subset `test`.
    Fsd50k,
    /// Any table with a file column and a label column.
    Csv,
    /// One folder per class.
    Folders,
    /// Labels with a start and an end: tables of Raven, labels of Audacity, CSV, or AOEF (JSON). Recordings are cut into
    /// windows, which have the labels that sound in them.
    Events,
}

/// The name, as in recipes.
impl fmt::Display for LayoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
