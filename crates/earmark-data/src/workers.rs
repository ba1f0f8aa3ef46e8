//! A pool of threads that belongs to the loader alone, so that it never waits for training or the other way round.

use std::sync::Arc;

use crate::setting::SettingError;

/// Threads for decoding, features and batches. Cheap to clone: clones share the threads.
#[derive(Clone, Debug)]
pub struct Workers {
    pool: Arc<rayon::ThreadPool>,
}

impl Workers {
    /// `count` threads, or one for each core of the machine when `count` is 0.
    ///
    /// # Errors
    ///
    /// When `count` is above 1024, or the system refuses that many threads.
    pub fn new(count: usize) -> Result<Self, SettingError> {
        if count > 1024 {
            return Err(SettingError::new(
                "cache",
                "workers",
                count,
                "must be 1024 or less; 0 is one a core",
            ));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("earmark-data-{index}"))
            .build()
            .map_err(|error| {
                SettingError::new("cache", "workers", count, format!("use fewer workers ({error})"))
            })?;
        Ok(Self { pool: Arc::new(pool) })
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on the pool; parallel iterators inside of it use these threads.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }
}
