//! The features in memory: the most recently used ones, within a budget.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::cache_file_format::CacheEntry;
use super::cache_key::CacheKey;

/// A cache of entries that forgets the least recently used first.
#[derive(Debug)]
pub(super) struct Memory {
    budget_bytes: u64,
    state: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    entries: HashMap<CacheKey, (Arc<CacheEntry>, u64)>,
    /// Keys by the time of their last use.
    by_use: BTreeMap<u64, CacheKey>,
    now: u64,
    bytes: u64,
}

impl Memory {
    pub(super) fn new(budget_bytes: u64) -> Self {
        Self {
            budget_bytes,
            state: Mutex::default(),
        }
    }

    pub(super) fn get(&self, key: CacheKey) -> Option<Arc<CacheEntry>> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Uses {
            entries, by_use, now, ..
        } = &mut *guard;
        let (entry, used) = entries.get_mut(&key)?;
        *now += 1;
        by_use.remove(used);
        by_use.insert(*now, key);
        *used = *now;
        Some(Arc::clone(entry))
    }

    pub(super) fn put(&self, key: CacheKey, entry: &Arc<CacheEntry>) {
        let size = entry.bytes();
        if size > self.budget_bytes {
            return;
        }
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.now += 1;
        // Two workers may have made the same entry.
        if let Some((old, used)) = state.entries.insert(key, (Arc::clone(entry), state.now)) {
            state.by_use.remove(&used);
            state.bytes -= old.bytes();
        }
        state.by_use.insert(state.now, key);
        state.bytes += size;
        while state.bytes > self.budget_bytes {
            let Some((_, oldest)) = state.by_use.pop_first() else {
                break;
            };
            if let Some((old, _)) = state.entries.remove(&oldest) {
                state.bytes -= old.bytes();
            }
        }
    }

    /// Bytes of features held.
    pub(super) fn bytes(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}
