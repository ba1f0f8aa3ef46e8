//! Corrections of a table: clips to leave out and clips to label anew, in argus-2019's form.
//!
//! A JSON object whose keys are files of one part; a value is `"remove"`, or the right labels with commas between them:
//!
//! ```json
//! {"0019ef41.wav": "Raindrop", "006f2f32.wav": "remove", "00c4e82c.wav": "Bark,Meow"}
//! ```

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::assemble::Row;
use super::error::DataError;
use super::options::DataOptions;
use crate::class_map::{ClassMap, hint};
use crate::item::Skipped;
use crate::labels::split_labels;
use earmark_core::text::suggest;

/// A file of corrections for one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Corrections {
    /// The JSON file, relative to the data folder.
    pub file: PathBuf,
    /// The part that it corrects, such as `curated`.
    pub part: String,
    /// The part that clips with corrected labels move to, so that they can be sampled and weighed by themselves (argus-2019
    /// treats corrected noisy clips as curated ones). Without it they stay in theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_part: Option<String>,
}

/// What came of a file of corrections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Corrected {
    /// The file.
    pub file: PathBuf,
    /// The part that it corrects.
    pub part: String,
    /// Clips left out.
    pub removed: usize,
    /// Clips with labels from the file, changed or confirmed.
    pub labelled: usize,
    /// Whether it was not looked at, as the options leave its part out: whoever misspelt the part sees it here.
    pub passed_over: bool,
}

/// The value that leaves a clip out.
const REMOVE: &str = "remove";

/// Carries out the corrections that the options name. Where labels are not read there is nothing to correct, and a part that
/// is not loaded needs no file.
pub(super) fn apply(
    root: &Path,
    mut rows: Vec<Row>,
    skipped: &[Skipped],
    classes: &ClassMap,
    options: &DataOptions,
) -> Result<(Vec<Row>, Vec<Corrected>), DataError> {
    let mut done = Vec::new();
    // A clip that one file has moved to another part is still one of its own part to the others.
    let parts: Vec<String> = rows.iter().map(|row| row.part.clone()).collect();
    let mut removed = vec![false; rows.len()];
    for corrections in options.corrections.iter().filter(|_| options.read_labels) {
        let part = &corrections.part;
        if !parts.contains(part) {
            if options.wants(part) && options.parts.is_none() {
                return Err(unknown_part(root, part, &parts));
            }
            done.push(Corrected {
                file: corrections.file.clone(),
                part: part.clone(),
                removed: 0,
                labelled: 0,
                passed_over: true,
            });
            continue;
        }
        let path = root.join(&corrections.file);
        let places: BTreeMap<String, usize> = (0..rows.len())
            .filter(|&at| parts[at] == *part)
            .map(|at| (rows[at].file.clone(), at))
            .collect();
        let mut counts = Corrected {
            file: corrections.file.clone(),
            part: part.clone(),
            removed: 0,
            labelled: 0,
            passed_over: false,
        };
        for (file, action) in read(&path)? {
            let wrong = |problem: String| DataError::Correction {
                path: path.clone(),
                file: file.clone(),
                problem,
            };
            let Some(&at) = places.get(&file) else {
                // Listed in the table, but its audio is not there, which the options allow.
                if skipped.iter().any(|clip| clip.file == file) {
                    continue;
                }
                let near = suggest(&file, places.keys().map(String::as_str)).map(str::to_owned);
                let remedy = hint(&near);
                return Err(wrong(format!(
                    "is no file of the part {part:?}{remedy}; correct the name or remove the entry"
                )));
            };
            if action.trim() == REMOVE {
                removed[at] = true;
                counts.removed += 1;
                continue;
            }
            rows[at].labels = labels(&action, classes).map_err(wrong)?;
            if let Some(part) = &corrections.corrected_part {
                rows[at].part.clone_from(part);
            }
            counts.labelled += 1;
        }
        done.push(counts);
    }
    let mut removed = removed.into_iter();
    rows.retain(|_| !removed.next().unwrap_or(false));
    Ok((rows, done))
}

fn labels(action: &str, classes: &ClassMap) -> Result<Vec<String>, String> {
    let labels = split_labels(action, ",").map_err(|error| error.to_string())?;
    if labels.is_empty() {
        return Err(format!(
            "has no labels; name some, or write {REMOVE:?} to leave the clip out"
        ));
    }
    match labels.iter().find(|label| classes.index(label).is_none()) {
        Some(label) => Err(format!(
            "{label:?} is none of the {} classes{}; correct it, or write {REMOVE:?} to leave the clip out",
            classes.len(),
            hint(&classes.suggest(label))
        )),
        None => Ok(labels),
    }
}

fn unknown_part(root: &Path, part: &str, parts: &[String]) -> DataError {
    let mut present = parts.to_vec();
    present.sort();
    present.dedup();
    DataError::UnknownPart {
        root: root.into(),
        part: part.to_owned(),
        present,
    }
}

/// The entries of a file, in its order. A file named twice is an error: which of the two was meant?
fn read(path: &Path) -> Result<Vec<(String, String)>, DataError> {
    let bytes = std::fs::read(path).map_err(|source| DataError::Read {
        path: path.into(),
        source,
    })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let malformed = |problem: String| DataError::CorrectionsFile {
        path: path.into(),
        problem,
    };
    let Entries(entries) = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
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
