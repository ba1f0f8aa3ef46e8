//! `labels.json`: what a program needs next to an ONNX file.

use super::OnnxExport;
use crate::{ThresholdSource, WindowLength};
use earmark_core::atomic::{self, Fill, WriteError};
use serde::Serialize;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Version of the format of the file.
const FORMAT: u32 = 1;

/// Name of the file.
const NAME: &str = "labels.json";

/// What a program needs to use the scores of an exported model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportLabels {
    /// Version of the file's format.
    pub format: u32,
    /// Name of the ONNX file that it describes.
    pub file: String,
    /// Name of the model's recipe.
    pub name: String,
    /// Classes, in the order of the scores.
    pub classes: Vec<String>,
    /// Minimum score for a class to count as detected, in the same order.
    pub thresholds: Vec<f32>,
    /// Where they come from: the model's calibration, or the default.
    pub thresholds_from: ThresholdSource,
    /// `softmax` (scores add up to 1) or `sigmoid` (each class for itself).
    pub scores: &'static str,
    /// Rate of the samples that the ONNX file takes, in hertz.
    pub sample_rate_hz: u32,
    /// Length that the model was trained on; `None` where training took clips whole.
    pub segment_seconds: Option<f64>,
    /// Length of the windows that long recordings are cut into.
    pub window_seconds: f64,
    /// From one window to the next.
    pub hop_seconds: f64,
    /// Licence of the weights, where known.
    pub licence: Option<String>,
}

impl OnnxExport {
    /// The labels of the export in a file of this name.
    pub fn labels(&self, file: &str) -> ExportLabels {
        let rule = &self.window_rule;
        ExportLabels {
            format: FORMAT,
            file: file.to_owned(),
            name: self.name.clone(),
            classes: self.meta.classes.clone(),
            thresholds: self.thresholds.values().to_vec(),
            thresholds_from: self.thresholds.source(),
            scores: super::metadata::score_kind(&self.scorer),
            sample_rate_hz: self.sample_rate_hz,
            segment_seconds: (rule.length() == WindowLength::Trained).then(|| rule.seconds()),
            window_seconds: rule.seconds(),
            hop_seconds: rule.hop_seconds(),
            licence: self.meta.licence.clone(),
        }
    }

    /// Writes the ONNX file at `onnx`, of these bytes, with `labels.json` next to it, both or neither, and returns the
    /// path of the labels. A `labels.json` that describes another model, or is somebody else's, stays as it is: the
    /// file is then `NAME.labels.json`.
    ///
    /// # Errors
    ///
    /// When one of them can't be written.
    pub fn save(&self, onnx: &Path, bytes: &[u8]) -> Result<PathBuf, WriteError> {
        let file = onnx.file_name().unwrap_or_default().to_string_lossy();
        let labels = self.labels(&file);
        let text = serde_json::to_string_pretty(&labels).map_err(|e| WriteError::new(onnx, e.into()))?;
        let plain = onnx.with_file_name(NAME);
        atomic::finish_pending(&plain)?;
        let path = match may_replace(&plain, &file, &text) {
            true => plain,
            false => onnx.with_extension(NAME),
        };
        let graph: Fill = &|w| w.write_all(bytes);
        let labels: Fill = &|w| w.write_all(format!("{text}\n").as_bytes());
        atomic::write_together(&[(onnx, graph), (&path, labels)])?;
        Ok(path)
    }
}

/// Whether nothing is lost with the file at `path`: there is none, or it describes the same ONNX file or the same
/// model.
fn may_replace(path: &Path, file: &str, text: &str) -> bool {
    let existing = match std::fs::read_to_string(path) {
        Ok(existing) => existing,
        Err(e) => return e.kind() == ErrorKind::NotFound,
    };
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(mut existing), Some(mut new)) = (parse(&existing), parse(text)) else {
        return false;
    };
    if existing["format"].is_u64() && existing["file"] == file {
        return true;
    }
    for labels in [&mut existing, &mut new] {
        if let Some(labels) = labels.as_object_mut() {
            labels.remove("file");
        }
    }
    existing == new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        let text = |file: &str, class: &str| {
            format!("{{\"format\": 1, \"file\": \"{file}\", \"classes\": [\"{class}\"]}}")
        };
        let replaces = |existing: &str| {
            std::fs::write(&path, existing).unwrap();
            may_replace(&path, "a.onnx", &text("a.onnx", "dog"))
        };
        assert!(may_replace(&dir.path().join("none"), "a.onnx", ""));
        assert!(
            replaces(&text("a.onnx", "cat")),
            "an earlier export to the same file"
        );
        assert!(replaces(&text("b.onnx", "dog")), "the same model in another file");
        assert!(!replaces(&text("b.onnx", "cat")), "another model");
        for foreign in ["[\"dog\"]", "{}", "{\"file\": \"a.onnx\"}", "dog\ncat\n", ""] {
            assert!(!replaces(foreign), "{foreign}");
        }
    }
}
