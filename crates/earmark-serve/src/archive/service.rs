//! An index that is served, and what all requests for it share.

use crate::failure::RequestFailure;
use crate::sounds::SoundCache;
use axum::http::StatusCode;
use earmark_audio::Damaged;
use earmark_core::checksum::Checksum;
use earmark_core::remote;
use earmark_index::archive::{ArchiveIndex, PlacedRecording};
use earmark_inference::{Device, Model, PipelineError, WindowEmbedder};
use earmark_runs::run_dir::ModelRef;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The index of an archive, and how it is served.
#[derive(Debug)]
pub struct ArchiveConfig {
    /// The index.
    pub index: ArchiveIndex,
    /// The folder that names of recordings are relative to; `None` for the current one.
    pub data: Option<PathBuf>,
    /// The model that made it, where its name in the index leads nowhere.
    pub model: Option<String>,
    /// Device by name.
    pub device: String,
}

/// An index that is served.
pub(crate) struct ArchiveService {
    config: ArchiveConfig,
    /// A checksum of what the index consists of: in another one, numbers of rows and recordings mean others.
    version: String,
    /// Those that count, by number.
    recordings: Vec<PlacedRecording>,
    numbers: HashMap<String, usize>,
    pub sounds: SoundCache,
    /// Opened when something is searched for by its sound.
    embedder: Mutex<Option<Arc<WindowEmbedder>>>,
    changing: Mutex<()>,
}

impl ArchiveService {
    pub fn new(config: ArchiveConfig) -> Self {
        let recordings: Vec<PlacedRecording> = config.index.recordings().cloned().collect();
        let numbers = recordings.iter().enumerate();
        let numbers = numbers.map(|(number, placed)| (placed.recording.file.clone(), number));
        let manifest = format!("{:?}", config.index.manifest());
        Self {
            numbers: numbers.collect(),
            recordings,
            version: Checksum::of(manifest.as_bytes()),
            config,
            sounds: SoundCache::default(),
            embedder: Mutex::default(),
            changing: Mutex::default(),
        }
    }

    pub fn index(&self) -> &ArchiveIndex {
        &self.config.index
    }

    /// What tells the index apart from what it was before a change, and will be after one.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Refuses numbers of rows and recordings that were given out for another index, as before a restart.
    pub fn check_version(&self, version: &str) -> Result<(), RequestFailure> {
        match version == self.version {
            true => Ok(()),
            false => Err(RequestFailure::new(
                StatusCode::CONFLICT,
                "the index has changed since, and these numbers may mean other windows now; search again",
            )),
        }
    }

    /// The recordings that count, by number.
    pub fn recordings(&self) -> &[PlacedRecording] {
        &self.recordings
    }

    /// A recording by its number.
    pub fn recording(&self, number: usize) -> Result<&PlacedRecording, RequestFailure> {
        self.recordings.get(number).ok_or_else(|| {
            RequestFailure::bad_request(format!(
                "recording {number}: there are {}, from 0",
                self.recordings.len()
            ))
        })
    }

    /// The number of a recording.
    pub fn number_of(&self, file: &str) -> Option<usize> {
        self.numbers.get(file).copied()
    }

    /// Where the sound of a recording is.
    pub fn path_of(&self, file: &str) -> PathBuf {
        let path = Path::new(file);
        match &self.config.data {
            Some(data) if remote::address(path).is_none() => data.join(path),
            _ => path.to_path_buf(),
        }
    }

    /// Held while something of the index is written: one after the other.
    pub fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model of the index.
    pub fn embedder(&self) -> Result<Arc<WindowEmbedder>, PipelineError> {
        let mut embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*embedder {
            return Ok(Arc::clone(open));
        }
        let config = &self.config;
        let name = config
            .model
            .as_ref()
            .unwrap_or(&config.index.manifest().model.name);
        let model = Model::open(&ModelRef::new(name), &Device::named(&config.device)?);
        let model = model.map_err(|e| {
            PipelineError::Request(format!(
                "the model {name}, which made the index, can't be opened ({e}); start the server with --model MODEL"
            ))
        })?;
        let opened = WindowEmbedder::that_made(&config.index, model, name, Damaged::Salvage)?;
        Ok(Arc::clone(embedder.insert(Arc::new(opened))))
    }
}
