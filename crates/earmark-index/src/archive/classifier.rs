//! Classifiers of windows: one linear layer per class, trained on the labelled windows of an index.

use super::index::ArchiveIndex;
use super::manifest::write_failed;
use crate::EmbeddingsError;
use earmark_core::atomic;
use earmark_core::checksum::{Checksum, Seal, check_seal, seal};
use earmark_kernels::Isa;
use earmark_kernels::row_products::float_row_products;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Version of the layout of the file.
const FORMAT: u32 = 1;

/// A classifier of one class, with what it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowClassifier {
    /// Version of the layout of the file.
    pub format: u32,
    /// The class.
    pub class: String,
    /// Hash of the model of the index.
    pub model: String,
    /// Windows with the class that it was trained on.
    pub yes: usize,
    /// Windows without it.
    pub no: usize,
    /// Classes that exclude it, whose windows are among those without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Strength of regularisation.
    pub strength: f64,
    /// When it was trained, as RFC 3339 in UTC.
    pub when: String,
    /// One per number of a vector.
    pub weights: Vec<f32>,
    /// Added to their product with a vector: the logit of the class.
    pub bias: f32,
}

impl WindowClassifier {
    /// A classifier that was just trained.
    pub fn new(index: &ArchiveIndex, class: &str, weights: Vec<f32>, bias: f32) -> Self {
        Self {
            format: FORMAT,
            class: class.to_owned(),
            model: index.manifest().model.hash.clone(),
            yes: 0,
            no: 0,
            others: Vec::new(),
            strength: 0.0,
            when: String::new(),
            weights,
            bias,
        }
    }

    /// Where the classifier of a class is: names of classes need not be names of files.
    fn path_of(folder: &Path, class: &str) -> PathBuf {
        let name = format!("{}.json", Checksum::of(class.as_bytes()));
        folder.join("classifiers").join(name)
    }

    /// Writes it into an index, in place of an earlier one of the class.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn save(&self, index: &ArchiveIndex) -> Result<PathBuf, EmbeddingsError> {
        let path = Self::path_of(index.folder(), &self.class);
        let failed = |problem: String| EmbeddingsError::new(&path, format!("cannot be written: {problem}"));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| failed(e.to_string()))?;
        }
        let json = serde_json::to_string_pretty(self).map_err(|e| failed(e.to_string()))?;
        let json = seal(json) + "\n";
        atomic::write(&path, |out| out.write_all(json.as_bytes())).map_err(|e| write_failed(&e))?;
        Ok(path)
    }

    /// Reads the classifier of a class.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is damaged or of another model.
    pub fn read(index: &ArchiveIndex, class: &str) -> Result<Self, EmbeddingsError> {
        let path = Self::path_of(index.folder(), class);
        let bad = |problem: String| EmbeddingsError::new(&path, problem);
        let again = format!("train it again with `earmark index learn X {class}`");
        let json = std::fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => EmbeddingsError::new(
                index.folder(),
                format!(
                    "has no classifier of {class}; label windows with `earmark index label`, then train one with \
                     `earmark index learn X {class}`"
                ),
            ),
            _ => bad(format!("cannot be read: {e}")),
        })?;
        if check_seal(&json) != Seal::Whole {
            return Err(bad(format!(
                "is damaged: its checksum differs, or is missing; {again}"
            )));
        }
        let found: Self = serde_json::from_slice(&json)
            .map_err(|e| bad(format!("is not a classifier of windows ({e}); {again}")))?;
        let manifest = index.manifest();
        if found.format > FORMAT
            || found.model != manifest.model.hash
            || found.weights.len() != manifest.width
        {
            return Err(bad(format!("is of another model or a later version; {again}")));
        }
        Ok(found)
    }

    /// All classifiers of an index, by class.
    ///
    /// # Errors
    ///
    /// When one can't be read.
    pub fn all(index: &ArchiveIndex) -> Result<Vec<Self>, EmbeddingsError> {
        let folder = index.folder().join("classifiers");
        let failed = |e: std::io::Error| EmbeddingsError::new(&folder, format!("cannot be listed: {e}"));
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_none_or(|ending| ending != "json") || is_hidden(&path) {
                continue;
            }
            let json = std::fs::read(&path).map_err(failed)?;
            let class = serde_json::from_slice::<ClassOfFile>(&json);
            let class = class.map_err(|e| {
                EmbeddingsError::new(&path, format!("is not a classifier of windows ({e}); remove it"))
            })?;
            found.push(Self::read(index, &class.class)?);
        }
        found.sort_by(|a, b| a.class.cmp(&b.class));
        Ok(found)
    }
}

/// What is read of a file to know which class it is of.
#[derive(Deserialize)]
struct ClassOfFile {
    class: String,
}

/// Temporaries are hidden.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.as_encoded_bytes());
    name.is_none_or(|name| name.starts_with(b"."))
}

impl ArchiveIndex {
    /// The logits of all windows by each of several classifiers, in the order of rows.
    ///
    /// # Errors
    ///
    /// When the vectors can't be read.
    pub fn logits(&self, classifiers: &[WindowClassifier]) -> Result<Vec<Vec<f32>>, EmbeddingsError> {
        if classifiers.is_empty() {
            return Ok(Vec::new());
        }
        let isa = Isa::wanted().map_err(|e| EmbeddingsError::new(self.folder(), e.to_string()))?;
        let width = self.manifest().width;
        let of_block = |_: usize, vectors: &[f32]| -> Vec<Vec<f32>> {
            let of = |classifier: &WindowClassifier| {
                let mut products = vec![0.0; vectors.len() / width];
                float_row_products(isa, vectors, &classifier.weights, &mut products);
                products
                    .iter_mut()
                    .for_each(|product| *product += classifier.bias);
                products
            };
            classifiers.iter().map(of).collect()
        };
        let mut logits = vec![Vec::with_capacity(self.rows()); classifiers.len()];
        for block in self.map_vectors(of_block)? {
            for (all, some) in logits.iter_mut().zip(block) {
                all.extend(some);
            }
        }
        Ok(logits)
    }
}
