//! Windows over a recording: their positions, and how they are cut from blocks of any size.
//!
//! ```text
//! samples  |----------------------------------------|      n
//! windows  [==== 0 ====]                                   window k: from k * hop, `window` long
//!               [==== 1 ====]                              ...
//!                              [==== 4 ===]                the last one ends with the recording and may be shorter
//! cells    |  0 |  1 |  2 |  3 |  4 |  5 |  6 |  7 |       cell j: from j * hop, a hop long
//! ```
//!
//! There are as few windows as cover the recording, except for a rest of less than 20 ms: encoders pad their last frame, and such a
//! splinter of silence is not worth another window. Events are made of cells: the score of a cell is the mean over the windows that
//! contain its centre, so that events are placed more finely than a window is long.

use std::ops::Range;

/// A rest that is shorter than this part of a second gets no window.
const SPLINTERS_PER_SECOND: usize = 50;

/// Length and distance of windows, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowGrid {
    /// Samples of a window, at least 1.
    pub window: usize,
    /// Samples from one start to the next, 1 to `window`.
    pub hop: usize,
    /// Fewest samples after the last window that get another one, 1 to `hop`.
    pub least: usize,
}

impl WindowGrid {
    /// Length and distance of windows at a rate; a rest of less than 20 ms gets no window.
    pub fn new(window: usize, hop: usize, rate_hz: u32) -> Self {
        let least = least_rest(rate_hz).clamp(1, hop);
        Self { window, hop, least }
    }

    /// Number of windows over a recording of `samples` samples: as few as cover all but fewer than `least` of them.
    pub fn count(&self, samples: u64) -> u64 {
        let after_first = samples.saturating_sub((self.window + self.least - 1) as u64);
        u64::from(samples > 0) + after_first.div_ceil(self.hop as u64)
    }

    /// First sample of a window, and of the cell of the same number.
    pub fn start(&self, index: u64) -> u64 {
        index.saturating_mul(self.hop as u64)
    }

    /// Cells of a recording.
    pub fn cells(&self, samples: u64) -> u64 {
        samples.div_ceil(self.hop as u64)
    }

    /// Number of windows that contain the centre of a cell far from both ends.
    pub fn depth(&self) -> u64 {
        // The centre of cell j is (j - k + 1/2) hops after the start of window k, which must be less than a window.
        (2 * self.window as u64)
            .saturating_sub(self.hop as u64)
            .div_ceil(2 * self.hop as u64)
            .max(1)
    }

    /// The windows, of `count`, that a cell's score is the mean of: those that contain its centre, else the last one.
    pub fn windows_of(&self, cell: u64, count: u64) -> Range<u64> {
        let end = (cell + 1).min(count);
        let start = (cell + 1).saturating_sub(self.depth());
        start.min(end.saturating_sub(1))..end
    }
}

/// Fewest samples of a rest that gets a window, where a hop is not shorter.
pub fn least_rest(rate_hz: u32) -> usize {
    rate_hz as usize / SPLINTERS_PER_SECOND
}

/// Cuts windows from a stream; keeps at most a window and a block.
#[derive(Clone, Debug)]
pub struct Windower {
    grid: WindowGrid,
    /// Samples from `first` on.
    kept: Vec<f32>,
    first: u64,
    /// Samples seen.
    seen: u64,
    /// Windows handed out.
    next: u64,
}

impl Windower {
    /// At the start of a stream.
    pub fn new(grid: WindowGrid) -> Self {
        Self {
            grid,
            kept: Vec::new(),
            first: 0,
            seen: 0,
            next: 0,
        }
    }

    /// Samples seen so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes a block and passes on (first sample, samples) of each window that it completes.
    pub fn push(&mut self, block: &[f32], mut out: impl FnMut(u64, &[f32])) {
        self.kept.extend_from_slice(block);
        self.seen += block.len() as u64;
        while self.grid.start(self.next) + self.grid.window as u64 <= self.seen {
            let start = self.grid.start(self.next);
            let from = (start - self.first) as usize;
            out(start, &self.kept[from..from + self.grid.window]);
            self.next += 1;
        }
        let drop = (self.grid.start(self.next) - self.first).min(self.kept.len() as u64) as usize;
        self.kept.drain(..drop);
        self.first += drop as u64;
    }

    /// Ends the stream and passes on the last window, if the ones before it do not cover the end. It is shorter than the others.
    pub fn finish(self, out: impl FnOnce(u64, &[f32])) {
        if self.next < self.grid.count(self.seen) {
            let start = self.grid.start(self.next);
            out(start, &self.kept[(start - self.first) as usize..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All windows by the definition: one more until the last one reaches the end.
    fn oracle(grid: WindowGrid, samples: &[f32]) -> Vec<(u64, Vec<f32>)> {
        let mut found: Vec<(u64, Vec<f32>)> = Vec::new();
        let mut start = 0;
        while start < samples.len() {
            let end = (start + grid.window).min(samples.len());
            found.push((start as u64, samples[start..end].to_vec()));
            if start + grid.window + grid.least > samples.len() {
                break;
            }
            start += grid.hop;
        }
        found
    }

    #[test]
    fn counts() {
        let grid = WindowGrid {
            window: 10,
            hop: 4,
            least: 1,
        };
        let counts = [0, 1, 10, 11, 14, 15, 18, 19].map(|n| grid.count(n));
        assert_eq!(counts, [0, 1, 1, 2, 2, 3, 3, 4]);
        // 10 samples reach past the centres of the cells at 0 and 4 (2 and 6), and on the edge at 8 (10) no more.
        assert_eq!(grid.depth(), 2);
        assert_eq!(grid.windows_of(0, 3), 0..1);
        assert_eq!(grid.windows_of(2, 3), 1..3);
        assert_eq!(grid.windows_of(4, 3), 2..3);
        // A cell with its centre after the end has the last window.
        assert_eq!(grid.windows_of(9, 3), 2..3);
        let whole = WindowGrid {
            window: 4,
            hop: 4,
            least: 1,
        };
        assert_eq!((whole.depth(), whole.windows_of(5, 9)), (1, 5..6));
    }

    /// Five seconds in windows of one second: a rest of 20 ms gets a window, less gets none; a shorter recording still has one.
    #[test]
    fn splinters_get_no_window() {
        let grid = WindowGrid::new(44_100, 22_050, 44_100);
        assert_eq!(grid.least, 882);
        let counts = [0, 1, 220_500, 220_501, 220_500 + 881, 220_500 + 882].map(|n| grid.count(n));
        assert_eq!(counts, [0, 1, 9, 9, 9, 10]);
        assert_eq!(WindowGrid::new(400, 100, 16_000).least, 100, "at most a hop");
        assert_eq!(WindowGrid::new(9, 5, 30).least, 1);
    }

    proptest! {
        /// Blocks of any size give the windows of the definition.
        #[test]
        fn windows_are_those_of_the_definition(
            samples in 0_usize..200, window in 1_usize..40, hop in 1_usize..40, least in 1_usize..40, blocks in proptest::collection::vec(0_usize..50, 1..20),
        ) {
            let hop = hop.min(window);
            let grid = WindowGrid { window, hop, least: least.min(hop) };
            let samples: Vec<f32> = (0..samples).map(|i| i as f32).collect();
            let mut windower = Windower::new(grid);
            let (mut found, mut rest) = (Vec::new(), &samples[..]);
            for size in blocks.iter().cycle().chain([&1]) {
                if rest.is_empty() {
                    break;
                }
                let (block, after) = rest.split_at((*size).max(1).min(rest.len()));
                windower.push(block, |start, samples| found.push((start, samples.to_vec())));
                prop_assert!(windower.kept.len() < window + 1, "it keeps more than it needs");
                rest = after;
            }
            prop_assert_eq!(windower.seen(), samples.len() as u64);
            windower.finish(|start, samples| found.push((start, samples.to_vec())));
            prop_assert_eq!(&found, &oracle(grid, &samples));
            prop_assert_eq!(found.len() as u64, grid.count(samples.len() as u64));
        }

        /// The windows of a cell are those that contain its centre, counted one by one.
        #[test]
        fn windows_of_cells_contain_their_centres(window in 1_u64..40, hop in 1_u64..40, count in 1_u64..12, cell in 0_u64..20) {
            let grid = WindowGrid { window: window as usize, hop: hop.min(window) as usize, least: 1 };
            let hop = grid.hop as u64;
            let twice_centre = (2 * cell + 1) * hop;
            let inside: Vec<u64> = (0..count).filter(|k| 2 * k * hop <= twice_centre && twice_centre < 2 * (k * hop + window)).collect();
            let found: Vec<u64> = grid.windows_of(cell, count).collect();
            if inside.is_empty() {
                prop_assert_eq!(found, vec![count - 1]);
            } else {
                prop_assert_eq!(found, inside);
            }
        }
    }
}
