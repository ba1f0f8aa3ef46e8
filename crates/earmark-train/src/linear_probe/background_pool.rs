//! The pieces of background that clips are mixed with.

use super::mixing::stream;
use earmark_core::random;
use earmark_data::Item;
use std::collections::BTreeMap;
use std::ops::Range;

/// The most pieces that are kept, unless there are more folds.
const MOST: usize = 200;

/// A piece that clips may be mixed with.
pub(super) struct BackgroundPiece {
    /// The example that it is.
    pub example: usize,
    fold: Option<u32>,
    pub samples: Vec<f32>,
}

/// Some of the pieces of background in memory, as many of each fold.
pub(super) struct BackgroundPool {
    /// The examples that were drawn, with their folds.
    drawn: BTreeMap<usize, Option<u32>>,
    /// Those of them that are decoded.
    pieces: Vec<BackgroundPiece>,
}

impl BackgroundPool {
    /// The longest part of a piece that is kept, in seconds.
    pub const SECONDS: f64 = 10.0;

    /// Draws pieces from these examples.
    pub fn draw(items: &[Item], examples: Range<usize>) -> Self {
        let mut folds: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
        for example in examples {
            folds.entry(items[example].fold).or_default().push(example);
        }
        let each = (MOST / folds.len().max(1)).max(1);
        let mut rng = stream(&[]);
        let mut drawn = BTreeMap::new();
        for (fold, mut examples) in folds {
            random::shuffle(&mut rng, &mut examples);
            drawn.extend(examples.into_iter().take(each).map(|example| (example, fold)));
        }
        Self {
            drawn,
            pieces: Vec::new(),
        }
    }

    /// Keeps at most `longest` samples of an example, if it was drawn.
    pub fn keep(&mut self, example: usize, samples: &[f32], longest: usize) {
        if let Some(&fold) = self.drawn.get(&example) {
            self.pieces.push(BackgroundPiece {
                example,
                fold,
                samples: samples[..samples.len().min(longest)].to_vec(),
            });
        }
    }

    /// The pieces that a clip of this fold may be mixed with: those of the same fold, which are on its side of every
    /// split that keeps the folds; all of them where that fold has none.
    pub fn for_fold(&self, fold: Option<u32>) -> Vec<&BackgroundPiece> {
        let all = self.pieces.iter();
        let same: Vec<&BackgroundPiece> = all.clone().filter(|piece| piece.fold == fold).collect();
        match same.is_empty() {
            true => all.collect(),
            false => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fold_has_its_share_and_no_sample_too_many_is_kept() {
        // Fold 1 has 300 pieces, fold 2 one; the first example is a clip.
        let folds = [1; 301].into_iter().chain([2]);
        let items: Vec<Item> = folds
            .map(|fold| Item {
                fold: Some(fold),
                ..Item::default()
            })
            .collect();
        let mut pool = BackgroundPool::draw(&items, 1..302);
        assert_eq!(pool.drawn.len(), 100 + 1);
        (1..302).for_each(|example| pool.keep(example, &[0.5; 7], 4));
        let of = |fold| -> Vec<usize> { pool.for_fold(fold).iter().map(|piece| piece.example).collect() };
        assert_eq!(of(Some(2)), [301]);
        let first = of(Some(1));
        assert_eq!(first.len(), 100);
        assert!(first.iter().any(|&example| example > 200), "from all over");
        assert_eq!(of(Some(3)).len(), 101, "a fold without background");
        assert!(pool.pieces.iter().all(|piece| piece.samples.len() == 4));
        assert_eq!(BackgroundPool::draw(&items, 1..302).drawn, pool.drawn);
    }
}
