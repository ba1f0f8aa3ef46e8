//! The threads that decode and prepare data, a pool of their own, so that loading never waits for training or the other way round.

use std::sync::Arc;

use crate::ConfigError;

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
    pub fn new(count: usize) -> Result<Self, ConfigError> {
        if count > 1024 {
            let remedy = "must be 1024 or less; 0 means one per core";
            return Err(ConfigError::new("cache.workers", count, remedy));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("earmark-data-{index}"))
            .build()
            .map_err(|error| {
                ConfigError::new("cache.workers", count, format!("use fewer workers ({error})"))
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
