//! What a folder holds and where it came from: `source.json` in it, written after every archive.

use super::archive::Unpacked;
use super::error::GetDataError;
use super::published_data::PublishedData;
use earmark_core::atomic::{self, WriteError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The name of the file.
const FILE: &str = "source.json";

/// Where a data set in a folder came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataOrigin {
    /// The name of the set.
    pub name: String,
    /// The page on which it is published.
    pub homepage: String,
    /// Its licence.
    pub licence: String,
    /// Whether all of it is there.
    pub complete: bool,
    /// The archives that were unpacked.
    pub archives: BTreeMap<String, ArchiveOrigin>,
}

/// An archive that was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveOrigin {
    /// Number of files in it.
    pub files: u64,
    /// Bytes of the files, unpacked.
    pub bytes: u64,
    /// The MD5 of each of its parts, where it was compared with a published one.
    pub md5: Vec<String>,
}

impl DataOrigin {
    /// What a folder holds of a set. `with` is a folder of archives, which it may be itself.
    pub(super) fn open(
        folder: &Path,
        set: &PublishedData,
        with: Option<&Path>,
    ) -> Result<Self, GetDataError> {
        let text = fs::read_to_string(folder.join(FILE)).ok();
        let found: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let is_same = |folder: &Path| {
            let [a, b] = [Some(folder), with].map(|path| path.and_then(|path| path.canonicalize().ok()));
            a.is_some() && a == b
        };
        match found {
            Some(found) if found.name == set.name => Ok(found),
            None if is_empty(folder) || is_same(folder) => Ok(Self {
                name: set.name.into(),
                homepage: set.homepage.into(),
                licence: set.licence.into(),
                complete: false,
                archives: BTreeMap::new(),
            }),
            _ => Err(GetDataError::Taken {
                folder: folder.into(),
            }),
        }
    }

    /// Notes an archive that was unpacked.
    pub(super) fn add(
        &mut self,
        folder: &Path,
        archive: &str,
        unpacked: Unpacked,
        md5: Vec<String>,
    ) -> Result<(), WriteError> {
        let origin = ArchiveOrigin {
            files: unpacked.files,
            bytes: unpacked.bytes,
            md5,
        };
        self.archives.insert(archive.to_owned(), origin);
        self.save(folder)
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), WriteError> {
        atomic::write(&folder.join(FILE), |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            out.write_all(b"\n")
        })
    }

    /// Number of files, and their bytes.
    pub fn size(&self) -> (u64, u64) {
        let archives = self.archives.values();
        archives.fold((0, 0), |(files, bytes), archive| {
            (files + archive.files, bytes + archive.bytes)
        })
    }
}

/// Whether there is nothing in a folder, or no folder.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| atomic::is_leftover(&entry.file_name())))
    })
}
