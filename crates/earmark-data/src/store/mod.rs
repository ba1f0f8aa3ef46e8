//! Base features of items: made in parallel, kept in memory and on disk within stated budgets.
//!
//! Features are known by what they are made from, the content of the file and the front end: a file that is renamed or
//! copied costs nothing, one that is changed is made anew, and several data sets, recipes and processes share one
//! folder. Neither budgets nor workers nor the state of the cache change any result.

mod config;
mod content;
mod disk;
mod entry;
mod error;
mod memory;
mod prepare;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use earmark_audio::ClipNote;
use earmark_core::ConfigError;
use earmark_features::{Extractor, ExtractorScratch, FeatureError, Features};

use crate::dataset::item::Item;
use crate::setting::SettingError;
pub use config::{CacheConfig, DiskCache};
pub use content::Content;
use content::{Contents, Stamp};
use disk::Disk;
use earmark_core::threads::Workers;
use entry::Entry;
pub use error::{ItemError, ItemFault};
use memory::Memory;
pub use prepare::{CacheNote, Interrupted, Prepared, PreparedClip};

/// What features are known by: the hash of a file's content and the front end's fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key(blake3::Hash);

impl Key {
    fn new(content: Content, fingerprint: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(content.0.as_bytes());
        hasher.update(fingerprint.as_bytes());
        Self(hasher.finalize())
    }
}

/// Where requests were served from, since the store was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// From memory.
    pub memory: u64,
    /// From disk.
    pub disk: u64,
    /// Decoded and computed.
    pub computed: u64,
}

/// Gives the base features of items, and the numbers beside them; see the [module](self) documentation. Share one between threads.
#[derive(Debug)]
pub struct FeatureStore {
    extractor: Extractor,
    /// What makes and keeps the numbers beside the features.
    side: Option<Box<FeatureStore>>,
    workers: Workers,
    contents: Contents,
    memory: Memory,
    disk: Option<Disk>,
    config: CacheConfig,
    /// Working memory that no thread is using.
    scratches: Mutex<Vec<ExtractorScratch>>,
    from_memory: AtomicU64,
    from_disk: AtomicU64,
    computed: AtomicU64,
}

/// What is kept of a clip. The recipe decides: features, unless the sound itself is augmented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// Base features, `[channels, bands, frames]`.
    #[default]
    Base,
    /// Samples at the front end's rate, trimmed, as `[1, 1, samples]`.
    Samples,
}

/// An item's features with what they come from.
struct Looked {
    entry: Arc<Entry>,
    content: Content,
}

impl FeatureStore {
    /// A store of the features that `extractor` makes, within the budgets of `config`.
    ///
    /// # Errors
    ///
    /// When a setting can't work. A folder that can't be written to is no error: see [`CacheNote`].
    pub fn new(extractor: Extractor, config: &CacheConfig) -> Result<Self, SettingError> {
        config.check("cache")?;
        Self::with_workers(extractor, config, Workers::new(config.workers)?)
    }

    fn with_workers(
        extractor: Extractor,
        config: &CacheConfig,
        workers: Workers,
    ) -> Result<Self, SettingError> {
        let disk = config.disk.folder().filter(|_| config.disk_mib > 0);
        let side = extractor.front_end().for_clip_features().map(|front_end| {
            let refuse = |error: ConfigError| {
                SettingError::new("front-end", "clip-features", "handcrafted", error.to_string())
            };
            let extractor = Extractor::new(&front_end).map_err(refuse)?;
            Self::with_workers(extractor, config, workers.clone()).map(Box::new)
        });
        Ok(Self {
            extractor,
            side: side.transpose()?,
            workers,
            contents: Contents::default(),
            memory: Memory::new(config.memory_bytes()),
            disk: disk.map(|folder| Disk::new(folder, config.disk_bytes())),
            config: config.clone(),
            scratches: Mutex::default(),
            from_memory: AtomicU64::new(0),
            from_disk: AtomicU64::new(0),
            computed: AtomicU64::new(0),
        })
    }

    /// What makes the features.
    pub fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// The threads that make them; batches may use them too.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Where requests were served from so far.
    pub fn counts(&self) -> StoreCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        StoreCounts {
            memory: read(&self.from_memory),
            disk: read(&self.from_disk),
            computed: read(&self.computed),
        }
    }

    /// Bytes of features in memory: never more than the budget.
    pub fn memory_bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// The base features of `item`, of what its file holds now: `[channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When the file is missing, broken, or no audio; see [`ItemFault`].
    pub fn get(&self, item: &Item) -> Result<Arc<Features>, ItemError> {
        self.look(item, Kept::Base)
            .map(|looked| Arc::clone(&looked.entry.features))
    }

    /// The samples of `item` at the front end's rate, mono and trimmed: `[1, 1, samples]`. Audio that can't become features is refused here, too.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); and, with `content`, as [`get_unchanged`](Self::get_unchanged).
    pub fn samples(&self, item: &Item, content: Option<Content>) -> Result<Arc<Features>, ItemError> {
        let looked = self.look(item, Kept::Samples)?;
        unchanged(looked, item, content)
    }

    /// Base features of samples at the front end's rate, with working memory of the store's.
    ///
    /// # Errors
    ///
    /// When a sample is no number or far too loud.
    pub fn base_of(&self, samples: &[f32]) -> Result<Features, FeatureError> {
        let mut scratch = self.take_scratch();
        let features = self.extractor.log_mel(samples, &mut scratch);
        self.give_back(scratch);
        features
    }

    /// As [`get`](Self::get), but refuses a file whose content is not `content` any more.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`ItemFault::Changed`].
    pub fn get_unchanged(&self, item: &Item, content: Content) -> Result<Arc<Features>, ItemError> {
        unchanged(self.look(item, Kept::Base)?, item, Some(content))
    }

    /// The numbers beside the features of `item` (`front-end.clip-features`); none where there are none. [`get`](Self::get) brings them too.
    ///
    /// # Errors
    ///
    /// As [`samples`](Self::samples).
    pub fn side(&self, item: &Item, content: Option<Content>) -> Result<Option<Arc<Features>>, ItemError> {
        let side = self.side.as_ref();
        side.map(|side| unchanged(side.look(item, Kept::Base)?, item, content))
            .transpose()
    }

    /// An entry with the numbers that go beside it.
    fn joined(&self, item: &Item, kept: Kept, content: Content, entry: Entry) -> Result<Entry, ItemError> {
        match (kept, self.side(item, Some(content))?) {
            (Kept::Base, Some(side)) => {
                let mut features = Arc::unwrap_or_clone(entry.features);
                features.clip_features.clone_from(&side.data);
                Ok(Entry {
                    features: Arc::new(features),
                    ..entry
                })
            }
            _ => Ok(entry),
        }
    }

    fn look(&self, item: &Item, kept: Kept) -> Result<Looked, ItemError> {
        let unreadable = |source| {
            ItemError::new(
                item,
                ItemFault::Read {
                    path: item.path.clone(),
                    source,
                },
            )
        };
        let (stamp, content) = self.contents.of(&item.path).map_err(unreadable)?;
        let key = match kept {
            Kept::Base => Key::new(content, self.extractor.fingerprint()),
            Kept::Samples => Key::new(content, &self.samples_fingerprint()),
        };
        if let Some(entry) = self.memory.get(key) {
            self.from_memory.fetch_add(1, Ordering::Relaxed);
            return Ok(Looked { entry, content });
        }
        if let Some(entry) = self.disk.as_ref().and_then(|disk| disk.get(key)) {
            self.from_disk.fetch_add(1, Ordering::Relaxed);
            let entry = Arc::new(self.joined(item, kept, content, entry)?);
            self.memory.put(key, &entry);
            return Ok(Looked { entry, content });
        }
        let (features, notes) = self.compute(item, kept)?;
        // What was decoded must be what was hashed.
        if Stamp::of(&item.path).map_err(unreadable)? != stamp {
            return Err(ItemError::new(
                item,
                ItemFault::Changed {
                    path: item.path.clone(),
                },
            ));
        }
        self.computed.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            features: Arc::new(features),
            notes,
        };
        if let Some(disk) = &self.disk {
            disk.put(key, &entry);
        }
        let entry = Arc::new(self.joined(item, kept, content, entry)?);
        self.memory.put(key, &entry);
        Ok(Looked { entry, content })
    }

    /// What determines samples: the rate and what is trimmed, as decoding and resampling are the same for all.
    fn samples_fingerprint(&self) -> String {
        let front_end = self.extractor.front_end();
        format!(
            "samples 1; {} Hz{}",
            front_end.sample_rate_hz,
            front_end.trim_fingerprint()
        )
    }

    fn compute(&self, item: &Item, kept: Kept) -> Result<(Features, Vec<ClipNote>), ItemError> {
        let rate = self.extractor.front_end().sample_rate_hz;
        let decoded = earmark_audio::read(&item.path, rate).map_err(|error| ItemError::new(item, error))?;
        let mut scratch = self.take_scratch();
        let features = self.extractor.log_mel_of_clip(&decoded.clip, &mut scratch);
        self.give_back(scratch);
        let features = features.and_then(|features| match kept {
            Kept::Base => Ok(features),
            // The features were made all the same: what can't become any is found out now and not in the middle of a training.
            Kept::Samples => {
                let samples = self.extractor.trim(&decoded.clip.samples).into_owned();
                Features::new(1, 1, samples.len(), samples)
            }
        });
        Ok((
            features.map_err(|error| ItemError::new(item, error))?,
            decoded.notes,
        ))
    }

    fn give_back(&self, scratch: ExtractorScratch) {
        let mut free = self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(scratch);
    }

    fn take_scratch(&self) -> ExtractorScratch {
        let free = self
            .scratches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        free.unwrap_or_else(|| self.extractor.scratch())
    }
}

/// What was looked up, if its file still holds `content`.
fn unchanged(looked: Looked, item: &Item, content: Option<Content>) -> Result<Arc<Features>, ItemError> {
    if content.is_none_or(|content| looked.content == content) {
        return Ok(Arc::clone(&looked.entry.features));
    }
    Err(ItemError::new(
        item,
        ItemFault::Changed {
            path: item.path.clone(),
        },
    ))
}
