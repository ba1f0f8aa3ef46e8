//! `run.json`: where a run comes from.

use earmark_data::DamagedFiles;
use earmark_engine::ParameterPrefixes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `run.json`: where a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the run directory's layout.
    pub format: u32,
    /// The command line that started it.
    pub command: Vec<String>,
    /// Version of the program.
    pub version: String,
    /// Revision of its source, where it was known when it was built.
    pub revision: Option<String>,
    /// When it started, RFC 3339.
    pub started: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Device it trains on.
    pub device: String,
    /// Steps planned; missing in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// The data it is trained on.
    pub data: DataInfo,
    /// The model whose weights it starts from.
    #[serde(default)]
    pub init_from: Option<String>,
    /// Which of its variables are transferred.
    #[serde(default, rename = "scopes")]
    pub prefixes: ParameterPrefixes,
    /// Whether the test clips drive the training, so that its scores on them are optimistic.
    pub optimistic: bool,
    /// The weight of each class in the loss, by name; none if all are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<BTreeMap<String, f64>>,
    /// The teachers whose scores are part of the targets; none without `train.distil`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teachers: Option<TeacherInfo>,
}

/// The teachers of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TeacherInfo {
    /// Their model files, with the BLAKE3 hash of each.
    pub models: Vec<(String, String)>,
    /// Checksum of `teacher-scores.csv`.
    pub scores_checksum: String,
}

/// The data of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    /// The folder.
    pub root: PathBuf,
    /// Its layout.
    pub layout: String,
    /// Fingerprint of its tables and file sizes.
    pub fingerprint: String,
    /// The test fold.
    pub fold: Option<u32>,
    /// Clips trained on.
    pub train: usize,
    /// Validation clips.
    pub validation: usize,
    /// Test clips.
    #[serde(rename = "judged")]
    pub test: usize,
    /// Clips left out because they could not be read, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Clips that are used though a part of them is missing, with what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<(String, String)>,
    /// For a stacked run, whose recipe reads no recordings: what became of damaged ones in its inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged_files: Option<DamagedFiles>,
    /// Checksum of `split.csv`; missing in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_checksum: Option<String>,
    /// The files of corrections in the run's folder `corrections`, with their checksums.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrections: BTreeMap<String, String>,
}
