//! Corrections of a table: clips to remove and clips to relabel, in argus-2019's form.
//!
//! A JSON object whose keys are files of one subset; a value is `"remove"`, or the right labels separated by commas, by
//! the rule of [`LabelRule::several`]: a label that contains a comma is between double quotes.
//!
//! ```json
//! {"0019ef41.wav": "Raindrop", "006f2f32.wav": "remove", "00c4e82c.wav": "Bark,Meow"}
//! ```

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use earmark_core::human::human_amount;
use earmark_core::labels::LabelRule;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::class_changes::ClassChanges;
use super::class_map::ClassMap;
use super::error::DataError;

/// A corrections file for one subset. Several entries may name the same file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Corrections {
    /// The JSON file, relative to `corrections-folder` or to one of the other folders that it is looked for in.
    pub file: PathBuf,
    /// The subset that it corrects, such as `curated`.
    #[serde(alias = "part")]
    pub subset: String,
    /// The subset that relabelled clips move to, so that they can be sampled and weighted separately (argus-2019
    /// treats corrected noisy clips as curated ones). Default: they stay in their own.
    #[serde(alias = "corrected-part", default, skip_serializing_if = "Option::is_none")]
    pub corrected_subset: Option<String>,
    /// Whether relabelled clips are copied to `corrected-subset` instead of moved: this entry then changes nothing in
    /// the subset itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub copy: bool,
    /// Whether clips of the subset that the file does not name are left out, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub named_only: bool,
    /// Whether clips that the file removes stay in the folds, which are then drawn over all clips. They have
    /// out-of-fold segment scores, for stacking; nothing is trained on them, and they count in no result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub keep_in_folds: bool,
}

impl Corrections {
    /// Refuses keys that contradict each other in the entry with this number.
    pub(crate) fn check(&self, at: usize) -> Result<(), DataError> {
        let remedy = match (self.copy, &self.corrected_subset) {
            (true, None) => "add corrected-subset, the name of the subset of the copies",
            (true, Some(_)) if self.named_only || self.keep_in_folds => {
                "leaves the subset itself as it is; give named-only and keep-in-folds in another entry with the same \
                 file"
            }
            _ => return Ok(()),
        };
        Err(DataError::Setting(format!(
            "corrections[{at}].copy = true: {remedy}"
        )))
    }
}

/// What a corrections file changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Corrected {
    /// The file.
    pub file: PathBuf,
    /// The subset that it corrects.
    #[serde(rename = "part")]
    pub subset: String,
    /// Clips removed.
    pub removed: usize,
    /// Clips with labels from the file, changed or confirmed.
    pub labelled: usize,
    /// Copies with labels from the file.
    pub copied: usize,
    /// Whether it was not read, as its subset is not loaded: shown to users, since the name may be misspelt.
    pub passed_over: bool,
}

/// A corrections file as it was read, for a run to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionsFile {
    /// The name by which a run keeps it.
    pub name: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// What a file that cannot be read should have been.
const FORM: &str = r#"corrections are a JSON object such as {"a.wav": "remove", "b.wav": "Bark,Meow"}"#;

/// The value that removes a clip.
const REMOVE: &str = "remove";

/// What a corrections file says about one clip.
pub(crate) enum Correction {
    /// Remove it.
    Remove,
    /// These are its labels.
    Relabel(Vec<String>),
}

impl Correction {
    /// Reads the text of an entry; its labels, after the changes to the classes, must be among `classes`. One whose
    /// labels are all ignored removes the clip.
    pub(crate) fn parse(text: &str, classes: &ClassMap, changes: &ClassChanges) -> Result<Self, String> {
        if text.trim() == REMOVE {
            return Ok(Self::Remove);
        }
        let written = LabelRule::several().read(text)?;
        if written.is_empty() {
            return Err(format!(
                "has no labels; name some, or write {REMOVE:?} to remove the clip"
            ));
        }
        let labels = changes.apply(written);
        let Some(unknown) = labels.iter().find(|label| classes.index(label).is_none()) else {
            return Ok(match labels.is_empty() {
                true => Self::Remove,
                false => Self::Relabel(labels),
            });
        };
        // The usual slip: the class's own comma is not between quotes.
        let whole = text.trim();
        let remedy = match classes.index(whole) {
            Some(_) => format!(
                "; write {:?} if the class {whole:?} is meant",
                LabelRule::several().write(&[whole])
            ),
            None => classes.hint(unknown),
        };
        Err(format!(
            "{unknown:?} is not one of the {}{remedy}; correct it, or write {REMOVE:?} to remove the clip",
            human_amount(classes.len(), "class", "classes"),
        ))
    }
}

/// The entries of a file, in its order; `place` is what errors call it. A clip named twice is an error: which of the
/// two was meant?
pub(crate) fn parse_corrections(place: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, DataError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let malformed = |problem: String| DataError::At {
        place: place.to_owned(),
        problem: format!("{problem}; {FORM}"),
    };
    let Entries(entries) = serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    let mut seen = HashSet::new();
    match entries.iter().find(|(file, _)| !seen.insert(file)) {
        Some((file, _)) => Err(malformed(format!("{file:?} is named twice"))),
        None => Ok(entries),
    }
}

/// A JSON object of strings, repeated keys included.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of files and their corrections, both strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
