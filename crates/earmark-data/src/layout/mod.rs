//! From a data folder to a [`DataSet`]: five layouts, recognised or named.
//!
//! Loading reads tables and looks whether the files are there; it opens no audio. Every layout gives
//! the same plain rows, and one place (`assemble`) checks them.

mod assemble;
mod corrections;
mod csv_table;
mod error;
mod esc50;
mod folders;
mod fsdkaggle;
mod options;
mod recognise;
mod table;

use std::path::Path;

use assemble::assemble;
pub use corrections::{Corrected, Corrections};
pub use error::DataError;
pub use options::{DataOptions, LayoutKind, MissingFiles};
pub use recognise::recognise;
pub(crate) use table::LineCounter;

use crate::item::DataSet;

/// Audio files are told from others by these extensions, in any letter case.
pub const AUDIO_EXTENSIONS: [&str; 12] = [
    "wav", "wave", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aac", "aif", "aiff", "aifc",
];

/// Loads the data set in `root`, a folder or (for the csv layout) the table itself.
///
/// # Errors
/// A [`DataError`] that names the file and, for tables, the line.
pub fn load(root: &Path, options: &DataOptions) -> Result<DataSet, DataError> {
    if root.is_file() {
        // A table given directly: its folder is the data folder.
        let folder = match root.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let options = DataOptions {
            layout: options.layout.or(Some(LayoutKind::Csv)),
            table: root.file_name().map(Into::into),
            ..options.clone()
        };
        return load(folder, &options);
    }
    if !root.is_dir() {
        return Err(DataError::NoRoot { root: root.into() });
    }
    let layout = match options.layout {
        Some(layout) => layout,
        None => recognise(root, options)?,
    };
    options.check(layout)?;
    let mut rows = match layout {
        LayoutKind::Fsdkaggle2018 => fsdkaggle::load(root, &fsdkaggle::YEAR_2018, layout, options)?,
        LayoutKind::Fsdkaggle2019 => fsdkaggle::load(root, &fsdkaggle::YEAR_2019, layout, options)?,
        LayoutKind::Esc50 => esc50::load(root, options)?,
        LayoutKind::Csv => csv_table::load(root, options)?,
        LayoutKind::Folders => folders::load(root, options)?,
    };
    if let Some(parts) = &options.parts {
        let present: std::collections::BTreeSet<String> = rows.rows.iter().map(|r| r.part.clone()).collect();
        if let Some(part) = parts.iter().find(|p| !present.contains(*p)) {
            let present = present.into_iter().collect();
            return Err(DataError::UnknownPart {
                root: root.into(),
                part: part.clone(),
                present,
            });
        }
        rows.rows.retain(|r| options.wants(&r.part));
    }
    if !options.read_labels {
        rows.rows.iter_mut().for_each(|r| r.labels.clear());
    }
    assemble(root, layout, rows, options)
}

/// Whether a file name ends in one of [`AUDIO_EXTENSIONS`].
pub fn is_audio_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| AUDIO_EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}
