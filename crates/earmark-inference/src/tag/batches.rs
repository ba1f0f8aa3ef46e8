//! Windows of a recording in batches, each of which is scored in one go.

use super::windows::{WindowGrid, Windower};

/// Windows that are scored together.
pub(super) const BATCH: usize = 8;

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
}

impl BatchCutter {
    pub fn new(grid: WindowGrid) -> Self {
        Self {
            windower: Windower::new(grid),
            batch: Batch::default(),
        }
    }

    /// Samples so far.
    pub fn seen(&self) -> u64 {
        self.windower.seen()
    }

    /// Takes a block; the batches that it fills.
    pub fn push(&mut self, block: &[f32]) -> Vec<Batch> {
        let (batch, mut full) = (&mut self.batch, Vec::new());
        self.windower.push(block, |start, samples| {
            batch.add(start, samples);
            if batch.windows.len() == BATCH {
                full.push(std::mem::take(&mut *batch));
            }
        });
        full
    }

    /// The last batch, unless it is empty.
    pub fn finish(self) -> Option<Batch> {
        let Self { windower, mut batch } = self;
        windower.finish(|start, samples| batch.add(start, samples));
        Some(batch).filter(|batch| !batch.windows.is_empty())
    }
}
