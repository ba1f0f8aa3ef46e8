//! Finds the files of corrections that the options name: with the run, in `corrections-folder`, in the data folder,
//! with the recipe.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::options::DataOptions;
use crate::dataset::corrections::CorrectionsFile;
use crate::dataset::error::DataError;

/// The folder next to a recipe file that its files of corrections may be in.
const FOLDER: &str = "corrections";

/// What to do about a file that is not there.
const REMEDY: &str = "put it in one of these folders, or name its folder (corrections-folder, such as --set \
                      data.corrections-folder=DIR: an absolute path, or one below the data folder)";

/// A file of corrections that was found.
pub(super) struct FoundCorrections {
    /// Its path, or its name and that it comes with the recipe.
    pub place: String,
    /// Which of the places it is from.
    pub source: CorrectionsSource,
    /// The file as a run keeps it.
    pub file: CorrectionsFile,
}

/// Where a file of corrections comes from.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum CorrectionsSource {
    /// A run has kept it.
    Run,
    /// A folder.
    Folder,
    /// The program, for its built-in recipes.
    Program,
}

/// Reads the file of the entry with this number from the first place that has it.
pub(super) fn find_corrections(
    root: &Path,
    options: &DataOptions,
    at: usize,
) -> Result<FoundCorrections, DataError> {
    let file = &options.corrections[at].file;
    let name = kept_name(options, at);
    let found = |place: String, source: CorrectionsSource, bytes: Arc<[u8]>| FoundCorrections {
        place,
        source,
        file: CorrectionsFile {
            name: name.clone(),
            bytes,
        },
    };
    let places = places(root, options, at, &name);
    for (path, source) in &places {
        match std::fs::read(path) {
            Ok(bytes) => return Ok(found(path.display().to_string(), *source, bytes.into())),
            // Nothing can be below a file.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(DataError::reading(path)(error)),
        }
    }
    let texts = options.recipe_corrections.texts;
    if let Some((_, text)) = texts.iter().find(|(name, _)| file == Path::new(name)) {
        let place = format!("{}, carried by the recipe", file.display());
        return Ok(found(place, CorrectionsSource::Program, text.as_bytes().into()));
    }
    let searched = places.iter().map(|(path, _)| path.display().to_string());
    let or_built_in = match texts.is_empty() {
        true => "",
        false => ", and among the files that earmark carries",
    };
    let problem = format!(
        "there is no such file of corrections; looked for {}{or_built_in}; {REMEDY}",
        searched.collect::<Vec<_>>().join(", ")
    );
    Err(DataError::at(file, problem))
}

/// The name by which a run keeps the file of an entry; one that is used twice is kept once.
fn kept_name(options: &DataOptions, at: usize) -> String {
    let file = &options.corrections[at].file;
    let first = options.corrections.iter().position(|c| c.file == *file);
    let plain = file.file_name().unwrap_or_default().to_string_lossy();
    format!("{}-{plain}", first.unwrap_or(at) + 1)
}

/// The paths that the file of an entry may have, each once, in the order in which they are tried.
fn places(
    root: &Path,
    options: &DataOptions,
    at: usize,
    kept_name: &str,
) -> Vec<(PathBuf, CorrectionsSource)> {
    let kept = options.kept_corrections.iter().map(|kept| kept.join(kept_name));
    let given = options.corrections_folder.iter().map(|folder| root.join(folder));
    let recipes = options.recipe_corrections.folders.iter();
    let recipes = recipes.flat_map(|folder| [folder.join(FOLDER), folder.clone()]);
    let folders = given.chain([root.to_path_buf()]).chain(recipes);
    let files = folders.map(|folder| folder.join(&options.corrections[at].file));
    let mut places: Vec<(PathBuf, CorrectionsSource)> = Vec::new();
    let all = kept.map(|path| (path, CorrectionsSource::Run));
    for place in all.chain(files.map(|path| (path, CorrectionsSource::Folder))) {
        if places.iter().all(|(path, _)| *path != place.0) {
            places.push(place);
        }
    }
    places
}
