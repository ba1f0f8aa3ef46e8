//! Windows of a recording in batches, each of which is scored in one go.

use super::windows::{WindowGrid, Windower};

/// Most windows that are scored together.
pub(super) const BATCH: usize = 8;

/// Samples of a batch of long windows. A thread scores a batch by itself: large ones keep the others waiting, for the
/// first one to be read and for the last one to be scored. Long windows pass through the network one by one anyway.
const BATCH_SAMPLES: usize = 640_000;

/// Windows that are scored together.
pub(super) fn per_batch(grid: WindowGrid) -> usize {
    (BATCH_SAMPLES / grid.window.max(1)).clamp(2, BATCH)
}

/// Windows that are scored together.
#[derive(Default)]
pub(super) struct Batch {
    pub starts: Vec<u64>,
    pub windows: Vec<Vec<f32>>,
}

impl Batch {
    fn add(&mut self, start: u64, samples: &[f32]) {
        self.starts.push(start);
        self.windows.push(samples.to_vec());
    }
}

/// Cuts blocks of samples into windows, and these into batches.
pub(super) struct BatchCutter {
    windower: Windower,
    batch: Batch,
    per_batch: usize,
}

impl BatchCutter {
    pub fn new(grid: WindowGrid) -> Self {
        Self {
            windower: Windower::new(grid),
            batch: Batch::default(),
            per_batch: per_batch(grid),
        }
    }

    /// Samples so far.
    pub fn seen(&self) -> u64 {
        self.windower.seen()
    }

    /// Takes a block; the batches that it fills.
    pub fn push(&mut self, block: &[f32]) -> Vec<Batch> {
        let (batch, per_batch, mut full) = (&mut self.batch, self.per_batch, Vec::new());
        self.windower.push(block, |start, samples| {
            batch.add(start, samples);
            if batch.windows.len() == per_batch {
                full.push(std::mem::take(&mut *batch));
            }
        });
        full
    }

    /// The last batch, unless it is empty.
    pub fn finish(self) -> Option<Batch> {
        let Self {
            windower, mut batch, ..
        } = self;
        windower.finish(|start, samples| batch.add(start, samples));
        Some(batch).filter(|batch| !batch.windows.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_windows_make_small_batches() {
        let of = |window: usize| per_batch(WindowGrid::new(window, window, 32_000));
        let found = [1, 32_000, 100_000, 160_000, 320_000, 100_000_000].map(of);
        assert_eq!(found, [BATCH, BATCH, 6, 4, 2, 2]);
    }
}
