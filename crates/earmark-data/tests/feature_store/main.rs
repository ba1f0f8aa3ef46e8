//! The feature store: whatever the state of its caches, the features are those of the file as it is.

#[path = "../runtime_support/mod.rs"]
mod runtime_support;

mod caches;
mod recordings;
mod settings;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use earmark_data::Item;
use earmark_data::feature_store::{CacheConfig, DiskCache, FeatureStore, StoreCounts};
use runtime_support::{directly, extractor};

fn config(memory_mib: u64, disk: Option<&Path>) -> CacheConfig {
    let disk = disk.map_or(DiskCache::Off, |folder| DiskCache::Dir(folder.to_path_buf()));
    CacheConfig {
        workers: 2,
        memory_mib,
        disk_mib: 64,
        disk,
    }
}

fn store(config: &CacheConfig) -> FeatureStore {
    FeatureStore::new(extractor(), config).unwrap()
}

fn counts(memory: u64, disk: u64, computed: u64) -> StoreCounts {
    StoreCounts {
        memory,
        disk,
        computed,
    }
}

fn assert_right(store: &FeatureStore, items: &[Item]) {
    for item in items {
        assert_eq!(
            *store.get(item, None).unwrap(),
            directly(store.extractor(), item),
            "{}",
            item.file
        );
    }
}

static GO: AtomicBool = AtomicBool::new(false);
