//! The store: looks features up in memory and on disk, or computes them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use earmark_audio::Damaged;
use earmark_core::caught_panics::catch_panic;
use earmark_core::threads::Workers;
use earmark_core::{Check, ConfigError, Within};
use earmark_features::{Extractor, ExtractorScratch, FeatureError, Features};

use super::cache_file_format::CacheEntry;
use super::cache_key::{CacheKey, CachedForm};
use super::config::{CacheConfig, DiskCache};
use super::content_hash::{ContentHash, Contents, FileStamp};
use super::disk_cache::Disk;
use super::error::{ItemError, ItemFault};
use super::memory_cache::Memory;
use crate::damaged_recordings::ClipRemarks;
use crate::dataset::item::Item;
use crate::read_recordings::read_item_up_to;

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

/// Gives the features of items; see the [module](super) documentation. Share one between threads.
#[derive(Debug)]
pub struct FeatureStore {
    pub(super) extractor: Extractor,
    /// Computes and caches clip-level features.
    pub(super) clip_features: Option<Box<FeatureStore>>,
    pub(super) workers: Workers,
    contents: Contents,
    memory: Memory,
    pub(super) disk: Option<Disk>,
    pub(super) config: CacheConfig,
    /// Working memory that no thread is using.
    scratches: Mutex<Vec<ExtractorScratch>>,
    remarks: Mutex<BTreeMap<String, ClipRemarks>>,
    /// See [`Self::with_longest`].
    pub(super) longest_seconds: Option<f64>,
    from_memory: AtomicU64,
    from_disk: AtomicU64,
    computed: AtomicU64,
}

/// An item's features with the hash of the file they come from.
pub(super) struct Found {
    pub entry: Arc<CacheEntry>,
    pub content: ContentHash,
}

impl FeatureStore {
    /// A store of the features that `extractor` computes, within the budgets of `config`.
    ///
    /// # Errors
    ///
    /// When a setting cannot work. A folder that cannot be written to is not an error: see
    /// [`CacheNote`](super::CacheNote).
    pub fn new(extractor: Extractor, config: &CacheConfig) -> Result<Self, ConfigError> {
        config.check().within("cache")?;
        Self::with_workers(extractor, config, Workers::new(config.workers)?)
    }

    fn with_workers(
        extractor: Extractor,
        config: &CacheConfig,
        workers: Workers,
    ) -> Result<Self, ConfigError> {
        let mut config = config.clone();
        if extractor.front_end().waveform {
            // Samples take more room than the recordings that they are read from.
            config.disk = DiskCache::Off;
        }
        let disk = config.disk.folder().filter(|_| config.disk_mib > 0);
        let clip_features = extractor.front_end().for_clip_features().map(|front_end| {
            let extractor = Extractor::new(&front_end).within("front-end.clip-features")?;
            Self::with_workers(extractor, &config, workers.clone()).map(Box::new)
        });
        Ok(Self {
            extractor,
            clip_features: clip_features.transpose()?,
            workers,
            contents: Contents::default(),
            memory: Memory::new(config.memory_mib << 20),
            disk: disk.map(|folder| Disk::new(folder, config.disk_mib << 20)),
            config,
            scratches: Mutex::default(),
            remarks: Mutex::default(),
            longest_seconds: None,
            from_memory: AtomicU64::new(0),
            from_disk: AtomicU64::new(0),
            computed: AtomicU64::new(0),
        })
    }

    /// What a user should know about the recordings that were looked up so far, by the names of the items: what is
    /// missing of them, and what contradicts their sound.
    pub fn remarks(&self) -> BTreeMap<String, ClipRemarks> {
        self.remarks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Computes the features.
    pub fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// The threads that compute them; batches may use them too.
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

    /// The features of `item` before postprocessing, of what its file contains now: `[channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When the file is missing, broken, or not audio; see [`ItemFault`]. Where `content` is given, also
    /// [`ItemFault::Changed`] for a file with other content.
    pub fn get(&self, item: &Item, content: Option<ContentHash>) -> Result<Arc<Features>, ItemError> {
        self.look_up(item, CachedForm::Features)?.unchanged(item, content)
    }

    /// The samples of `item` at the front end's rate, mono and trimmed: `[1, 1, samples]`. Audio that cannot become
    /// features is refused here, too.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn samples(&self, item: &Item, content: Option<ContentHash>) -> Result<Arc<Features>, ItemError> {
        self.look_up(item, CachedForm::Samples)?.unchanged(item, content)
    }

    /// The clip-level features of `item` (`front-end.clip-features`); `None` without that setting. [`get`](Self::get)
    /// returns them too.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn clip_features(
        &self,
        item: &Item,
        content: Option<ContentHash>,
    ) -> Result<Option<Arc<Features>>, ItemError> {
        let store = self.clip_features.as_ref();
        store.map(|store| store.get(item, content)).transpose()
    }

    /// Features of samples at the front end's rate, with working memory from the store.
    ///
    /// # Errors
    ///
    /// When a sample is not a number or far too loud.
    pub fn features_of(&self, samples: &[f32]) -> Result<Features, FeatureError> {
        self.with_scratch(|scratch| self.extractor.log_mel(samples, scratch))
    }

    pub(super) fn look_up(&self, item: &Item, form: CachedForm) -> Result<Found, ItemError> {
        let unreadable = |source| ItemError::new(item, ItemFault::unreadable(&item.path, source));
        let (stamp, content) = self.contents.of(&item.path).map_err(unreadable)?;
        let key = CacheKey::new(content, form, &self.extractor).of_span(item.span);
        if let Some(entry) = self.find(key, item.damaged) {
            self.remark(item, &entry);
            return Ok(Found { entry, content });
        }
        let entry = match self.find_on_disk(key, item.damaged) {
            Some(entry) => entry,
            None => {
                let entry = self.compute_caught(item, form)?;
                // What was decoded must be what was hashed.
                if FileStamp::of(&item.path).map_err(unreadable)? != stamp {
                    return Err(ItemError::changed(item));
                }
                self.computed.fetch_add(1, Ordering::Relaxed);
                if let Some(disk) = &self.disk {
                    disk.put(key.of(&entry), &entry);
                }
                entry
            }
        };
        let entry = Arc::new(self.with_clip_features(item, form, content, entry)?);
        self.memory.put(key.of(&entry), &entry);
        self.remark(item, &entry);
        Ok(Found { entry, content })
    }

    /// An entry in memory; one of a damaged recording only for who uses such.
    fn find(&self, key: CacheKey, damaged: Damaged) -> Option<Arc<CacheEntry>> {
        let found = key.allowed(damaged).find_map(|key| self.memory.get(key))?;
        self.from_memory.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// The same on disk.
    fn find_on_disk(&self, key: CacheKey, damaged: Damaged) -> Option<CacheEntry> {
        let disk = self.disk.as_ref()?;
        let found = key.allowed(damaged).find_map(|key| disk.get(key))?;
        self.from_disk.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// Remembers what is to be said about a recording.
    fn remark(&self, item: &Item, entry: &CacheEntry) {
        self.remember(item, ClipRemarks::of(&entry.notes, entry.damage.as_ref()));
    }

    /// The same, of one that was read in blocks.
    pub(super) fn remember(&self, item: &Item, remarks: Option<ClipRemarks>) {
        if let Some(remarks) = remarks {
            let mut all = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(item.file.clone(), remarks);
        }
    }

    /// An entry with the clip-level features that go with it.
    fn with_clip_features(
        &self,
        item: &Item,
        form: CachedForm,
        content: ContentHash,
        mut entry: CacheEntry,
    ) -> Result<CacheEntry, ItemError> {
        if let (CachedForm::Features, Some(own)) = (form, self.clip_features(item, Some(content))?) {
            let features = Arc::make_mut(&mut entry.features);
            features.clip_features.clone_from(&own.data);
        }
        Ok(entry)
    }

    /// Computes an entry; a panic on the way is the fault of this recording alone.
    fn compute_caught(&self, item: &Item, form: CachedForm) -> Result<CacheEntry, ItemError> {
        catch_panic(|| self.compute(item, form)).unwrap_or_else(|what| {
            let path = item.path.clone();
            Err(ItemError::new(item, ItemFault::Panic { path, what }))
        })
    }

    fn compute(&self, item: &Item, form: CachedForm) -> Result<CacheEntry, ItemError> {
        let failed = |error| ItemError::new(item, ItemFault::Features(error));
        let rate = self.extractor.front_end().sample_rate_hz;
        let longest = self.longest_whole_seconds();
        let read = read_item_up_to(item, rate, longest).map_err(|fault| ItemError::new(item, fault))?;
        let features = self.with_scratch(|scratch| self.extractor.log_mel_of_clip(&read.clip, scratch));
        // Features are computed for samples as well: what cannot have any is found out now, not in the middle of
        // training.
        let mut features = features.map_err(failed)?;
        if form == CachedForm::Samples {
            let samples = self.extractor.trim(&read.clip.samples).into_owned();
            features = Features::new(1, 1, samples.len(), samples).map_err(failed)?;
        }
        Ok(CacheEntry {
            features: Arc::new(features),
            notes: read.notes,
            damage: read.damage,
        })
    }

    /// Lends working memory.
    fn with_scratch<T>(&self, work: impl FnOnce(&mut ExtractorScratch) -> T) -> T {
        let free = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = free().pop();
        let mut scratch = taken.unwrap_or_else(|| self.extractor.scratch());
        let result = work(&mut scratch);
        free().push(scratch);
        result
    }
}

impl Found {
    /// What was looked up, if its file still has `content`.
    fn unchanged(self, item: &Item, content: Option<ContentHash>) -> Result<Arc<Features>, ItemError> {
        match content {
            Some(content) if content != self.content => Err(ItemError::changed(item)),
            _ => Ok(Arc::clone(&self.entry.features)),
        }
    }
}
