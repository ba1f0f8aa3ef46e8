//! From the name of a published data set to a folder that its layout reads: downloaded, checked, unpacked.
//!
//! One archive after another: its parts are downloaded, compared with their checksums, unpacked and removed. What is
//! done is noted, so that the next call continues where this one ended.

use super::archive::{ArchiveError, Unpacked, unpack_archive};
use super::error::GetDataError;
use super::origin::DataOrigin;
use super::published_data::{PublishedData, Source};
use super::remote_files::{RemoteArchive, RemoteFile, archives, read_record};
use crate::download::{Download, DownloadError, DownloadOutcome, DownloadProgress, PATIENCE};
use earmark_core::atomic::WriteError;
use earmark_core::disk_space::check_room;
use std::fs;
use std::path::{Path, PathBuf};

/// A published data set to get.
#[derive(Clone, Debug)]
pub struct GetData {
    /// The set.
    pub set: &'static PublishedData,
    /// The folder for it.
    pub to: PathBuf,
    /// A folder with its archives, fetched by hand: then nothing is downloaded.
    pub from: Option<PathBuf>,
    /// Another address of the record, or of the archive where there is no record.
    pub url: Option<String>,
}

/// What is done at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataProgress<'a> {
    /// A file is downloaded.
    Downloading {
        /// Its name.
        file: &'a str,
        /// Bytes on disk.
        done: u64,
        /// Its size, where it is known.
        total: Option<u64>,
    },
    /// An archive is unpacked.
    Unpacking {
        /// Its name.
        file: &'a str,
        /// Bytes unpacked.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Something that the user should know.
    Note(&'a str),
}

/// What is said where a download can't be compared with anything.
const NO_CHECKSUM: &str =
    "without a published checksum to compare, each file is compared with the CRC-32 in its archive";

/// Called with what is done at the moment; returns whether to continue.
type Progress<'a> = &'a mut dyn FnMut(DataProgress<'_>) -> bool;

impl GetData {
    /// Gets what is not there yet. After `progress` returns `false`, the next call continues.
    ///
    /// # Errors
    /// See [`GetDataError`].
    pub fn run(&self, progress: Progress<'_>) -> Result<DataOrigin, GetDataError> {
        let mut origin = DataOrigin::open(&self.to, self.set, self.from.as_deref())?;
        if origin.complete {
            return Ok(origin);
        }
        fs::create_dir_all(&self.to).map_err(|cause| WriteError::new(&self.to, cause))?;
        origin.save(&self.to)?;
        match &self.from {
            Some(folder) => self.unpack_from(folder, &mut origin, progress)?,
            None => self.download(&mut origin, progress)?,
        }
        origin.complete = true;
        origin.save(&self.to)?;
        Ok(origin)
    }

    fn download(&self, origin: &mut DataOrigin, progress: Progress<'_>) -> Result<(), GetDataError> {
        let folder = self.to.join("downloads");
        let record = folder.join("record.json");
        let (place, found) = self.list(&record, progress)?;
        self.refuse_missing(&place, |name| found.iter().any(|archive| archive.name == name))?;
        for archive in found {
            if !origin.archives.contains_key(&archive.name) {
                self.get_archive(&archive, &folder, origin, progress)?;
            }
            // Also those of an archive behind which an earlier call ended.
            for file in &archive.files {
                let _ = fs::remove_file(folder.join(&file.name)); // what stays there only takes up space
            }
        }
        let _ = fs::remove_file(record);
        let _ = fs::remove_dir(folder);
        Ok(())
    }

    /// Downloads an archive, unpacks it and notes that.
    fn get_archive(
        &self,
        archive: &RemoteArchive,
        folder: &Path,
        origin: &mut DataOrigin,
        progress: Progress<'_>,
    ) -> Result<(), GetDataError> {
        check_room(folder, missing_bytes(archive, folder))?;
        for file in &archive.files {
            self.fetch(file, folder, progress)?;
        }
        let last = folder.join(format!("{}.zip", archive.name));
        let unpacked = self.unpack(&last, progress);
        let is_checked = archive.files.iter().all(|file| file.md5.is_some());
        let useless = match &unpacked {
            Err(GetDataError::Archive(ArchiveError::Damaged { path, .. })) => Some(path),
            // Without a checksum, that may be damage, too.
            Err(GetDataError::Archive(ArchiveError::Refused { path, .. })) if !is_checked => Some(path),
            _ => None,
        };
        if let Some(path) = useless {
            // It would be in the way of the next download.
            let _ = fs::remove_file(path);
        }
        let md5 = archive.files.iter().filter_map(|file| file.md5.clone());
        Ok(origin.add(&self.to, &archive.name, unpacked?, md5.collect())?)
    }

    /// The archives to download, and the address that names them.
    fn list(
        &self,
        record: &Path,
        progress: Progress<'_>,
    ) -> Result<(String, Vec<RemoteArchive>), GetDataError> {
        let address = |published: &str| self.url.clone().unwrap_or_else(|| published.to_owned());
        let file = |name: String, url: &str| RemoteFile {
            name,
            url: url.to_owned(),
            bytes: None,
            md5: None,
        };
        Ok(match self.set.source {
            Source::Archive(published) => {
                let url = address(published);
                let name = format!("{}.zip", self.set.archives[0]);
                progress(DataProgress::Note(NO_CHECKSUM));
                (url.clone(), archives(vec![file(name, &url)]))
            }
            Source::Zenodo(published) => {
                let url = address(published);
                let folder = record.parent().unwrap_or(Path::new(""));
                self.fetch(&file("record.json".into(), &url), folder, progress)?;
                (url, archives(read_record(record)?))
            }
        })
    }

    /// Downloads a file. One that is there and damaged is downloaded again.
    fn fetch(&self, file: &RemoteFile, folder: &Path, progress: Progress<'_>) -> Result<(), GetDataError> {
        let download = Download {
            url: file.url.clone(),
            to: folder.join(&file.name),
            sha256: None,
            md5: file.md5.clone(),
            bytes: file.bytes,
            patience: PATIENCE,
        };
        let was_there = download.to.is_file();
        let mut done = run_shown(&download, file, progress);
        if was_there && matches!(done, Err(DownloadError::WrongFile { .. })) {
            let name = download.to.display();
            progress(DataProgress::Note(&format!(
                "{name}: is damaged and downloaded again"
            )));
            fs::remove_file(&download.to).map_err(|cause| WriteError::new(&download.to, cause))?;
            done = run_shown(&download, file, progress);
        }
        match done {
            Ok(_) => Ok(()),
            Err(cause) => Err(GetDataError::Download {
                cause,
                by_hand: self.set.by_hand(&self.to),
            }),
        }
    }

    /// Unpacks the archives that were fetched by hand.
    fn unpack_from(
        &self,
        folder: &Path,
        origin: &mut DataOrigin,
        progress: Progress<'_>,
    ) -> Result<(), GetDataError> {
        let listed = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let listed = listed.map_err(|cause| ArchiveError::Read {
            path: folder.into(),
            cause,
        })?;
        let name_of = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(".zip")?;
            name.starts_with(self.set.prefix).then(|| name.to_owned())
        };
        let mut names: Vec<String> = listed.into_iter().filter_map(name_of).collect();
        names.sort();
        progress(DataProgress::Note(NO_CHECKSUM));
        let place = folder.display().to_string();
        self.refuse_missing(&place, |name| names.iter().any(|found| found == name))?;
        for name in names {
            if !origin.archives.contains_key(&name) {
                let unpacked = self.unpack(&folder.join(format!("{name}.zip")), progress)?;
                origin.add(&self.to, &name, unpacked, Vec::new())?;
            }
        }
        Ok(())
    }

    fn unpack(&self, last: &Path, progress: Progress<'_>) -> Result<Unpacked, GetDataError> {
        let name = last.file_name().unwrap_or_default().to_string_lossy();
        let mut show = |done, total| {
            progress(DataProgress::Unpacking {
                file: &name,
                done,
                total,
            })
        };
        Ok(unpack_archive(last, &self.to, self.set.strip, &mut show)?)
    }

    /// Refuses where an archive without which the set is not complete is not at the place.
    fn refuse_missing(&self, place: &str, is_there: impl Fn(&str) -> bool) -> Result<(), GetDataError> {
        let missing = self.set.archives.iter().filter(|name| !is_there(name));
        let missing: Vec<String> = missing.map(|name| format!("{name}.zip")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(GetDataError::Missing {
            place: place.to_owned(),
            missing: missing.join(", "),
            by_hand: self.set.by_hand(&self.to),
        })
    }
}

/// Downloads a file and shows how far it is.
fn run_shown(
    download: &Download,
    file: &RemoteFile,
    progress: Progress<'_>,
) -> Result<DownloadOutcome, DownloadError> {
    download.run(&mut |DownloadProgress { done, total }| {
        progress(DataProgress::Downloading {
            file: &file.name,
            done,
            total: total.or(file.bytes),
        })
    })
}

/// The bytes of an archive that are still to be downloaded, as far as they are known.
fn missing_bytes(archive: &RemoteArchive, folder: &Path) -> u64 {
    let size = |name: String| fs::metadata(folder.join(name)).map_or(0, |found| found.len());
    let there = archive
        .files
        .iter()
        .map(|file| size(file.name.clone()) + size(format!("{}.part", file.name)));
    archive.bytes().saturating_sub(there.sum())
}
