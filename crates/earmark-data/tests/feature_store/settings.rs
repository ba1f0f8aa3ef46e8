//! The settings of the caches, as recipes write them.

use super::config;
use super::runtime_support::extractor;
use earmark_core::{Check, Within};
use earmark_data::feature_store::{CacheConfig, DiskCache, FeatureStore};

#[test]
fn settings_read_as_in_a_recipe() {
    let read = |text: &str| serde_json::from_str::<CacheConfig>(text);
    assert_eq!(read("{}").unwrap(), CacheConfig::default());
    let full = read(r#"{"workers": 3, "memory-mib": 10, "disk-mib": 20, "disk": {"dir": "/fast"}}"#).unwrap();
    assert_eq!(full.disk, DiskCache::Dir("/fast".into()));
    assert_eq!(full.disk.folder(), Some("/fast".into()));
    assert_eq!(read(r#"{"disk": "off"}"#).unwrap().disk.folder(), None);
    assert!(
        read(r#"{"memory": 10}"#)
            .unwrap_err()
            .to_string()
            .starts_with("unknown field `memory`")
    );
    let refused = CacheConfig {
        memory_mib: 2 << 30,
        ..full
    }
    .check()
    .within("cache")
    .unwrap_err()
    .to_string();
    assert_eq!(
        refused,
        "cache.memory-mib = 2147483648: is in MiB; must be 1073741824 or less"
    );
    let workers = FeatureStore::new(
        extractor(),
        &CacheConfig {
            workers: 2000,
            ..config(0, None)
        },
    )
    .unwrap_err();
    assert_eq!(
        workers.to_string(),
        "cache.workers = 2000: must be 1024 or less; 0 means one per core"
    );
}
