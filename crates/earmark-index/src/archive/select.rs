//! Which windows to label next.
//!
//! - **Margin**: those that the classifiers are least sure of. That is the smallest distance of a logit from 0; where
//!   several classes exclude each other, the smallest distance between the two largest logits (Scheffer and others
//!   2001).
//! - **Diverse**: of the ten times as many windows that are least sure, one after the other the one that is least
//!   similar to all that are labelled or chosen already (Sener and Savarese 2018).
//! - **Random**: drawn, each as likely as the others.
//!
//! Windows that are proposed together don't overlap, as neighbours are nearly the same sound.

use super::index::ArchiveIndex;
use crate::EmbeddingsError;
use crate::nearest_neighbours::cosine;
use earmark_core::random::{self, Purpose};
use std::collections::BTreeSet;

/// How windows are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowSelection {
    /// Those that the classifiers are least sure of.
    #[default]
    Margin,
    /// Of those, the ones least similar to what is labelled and to each other.
    Diverse,
    /// Any.
    Random {
        /// Follows which are drawn.
        seed: u64,
    },
}

/// For each window that is chosen by [`WindowSelection::Diverse`], as many windows are compared.
const POOL: usize = 10;

/// Chooses up to `count` windows that count, are not `labelled` and do not overlap each other. `logits` are those of all
/// rows by each classifier; `exclusive` says that a window has at most one of the classes.
///
/// # Errors
///
/// When vectors can't be read.
pub fn select_windows(
    index: &ArchiveIndex,
    how: WindowSelection,
    count: usize,
    (logits, exclusive): (&[Vec<f32>], bool),
    labelled: &BTreeSet<usize>,
) -> Result<Vec<usize>, EmbeddingsError> {
    let is_open = |row: &usize| index.is_valid(*row) && !labelled.contains(row);
    let mut open: Vec<usize> = (0..index.rows()).filter(is_open).collect();
    let mut chosen = Chosen {
        index,
        rows: Vec::new(),
        count,
    };
    match how {
        WindowSelection::Random { seed } => {
            let path = [Purpose::Propose as u64, labelled.len() as u64];
            random::shuffle(&mut random::stream(seed, &path), &mut open);
            chosen.take(open);
        }
        WindowSelection::Margin => chosen.take(least_sure(open, logits, exclusive)),
        WindowSelection::Diverse => {
            let mut pool = least_sure(open, logits, exclusive);
            pool.truncate(count.saturating_mul(POOL));
            chosen.take_far(&pool, labelled)?;
        }
    }
    Ok(chosen.rows)
}

/// Rows by how sure the classifiers are of them, the least sure first and equal ones in order.
fn least_sure(mut rows: Vec<usize>, logits: &[Vec<f32>], exclusive: bool) -> Vec<usize> {
    let margin = |row: usize| -> f32 {
        let of_row = logits.iter().map(|of_class| of_class[row]);
        if !exclusive || logits.len() < 2 {
            return of_row.map(f32::abs).fold(f32::INFINITY, f32::min);
        }
        let two = of_row.fold([f32::NEG_INFINITY; 2], |[best, second], logit| {
            match logit > best {
                true => [logit, best],
                false => [best, second.max(logit)],
            }
        });
        two[0] - two[1]
    };
    rows.sort_by_cached_key(|&row| (OrderedMargin(margin(row)), row));
    rows
}

/// A margin as a key of a sort.
#[derive(PartialEq)]
struct OrderedMargin(f32);

impl Eq for OrderedMargin {}

impl PartialOrd for OrderedMargin {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderedMargin {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Windows that are chosen.
struct Chosen<'a> {
    index: &'a ArchiveIndex,
    rows: Vec<usize>,
    count: usize,
}

impl Chosen<'_> {
    fn is_full(&self) -> bool {
        self.rows.len() >= self.count
    }

    /// Whether a window overlaps one that is chosen.
    fn overlaps(&self, row: usize) -> bool {
        let windows = self.index.manifest().windows;
        let recording = self.index.placed(row).rows();
        let is_near = |other: &usize| {
            recording.contains(other) && other.abs_diff(row) * windows.hop_samples < windows.window_samples
        };
        self.rows.iter().any(is_near)
    }

    /// Takes rows in their order.
    fn take(&mut self, rows: Vec<usize>) {
        for row in rows {
            if self.is_full() {
                return;
            }
            if !self.overlaps(row) {
                self.rows.push(row);
            }
        }
    }

    /// Takes one after the other the row whose nearest of all labelled and chosen ones is least similar; equal ones in
    /// the order of `pool`.
    fn take_far(&mut self, pool: &[usize], labelled: &BTreeSet<usize>) -> Result<(), EmbeddingsError> {
        let width = self.index.manifest().width;
        let vectors = self.index.vectors(pool)?;
        let vectors: Vec<&[f32]> = vectors.chunks_exact(width).collect();
        let known: Vec<usize> = labelled.iter().copied().collect();
        let known = self.index.vectors(&known)?;
        let nearest = |vector: &[f32]| {
            let all = known.chunks_exact(width).map(|other| cosine(vector, other));
            all.fold(f32::NEG_INFINITY, f32::max)
        };
        let mut nearest: Vec<f32> = vectors.iter().map(|&vector| nearest(vector)).collect();
        let mut is_taken = vec![false; pool.len()];
        while !self.is_full() {
            let open = (0..pool.len()).filter(|&k| !is_taken[k] && !self.overlaps(pool[k]));
            let Some(best) = open.min_by(|&a, &b| nearest[a].total_cmp(&nearest[b])) else {
                return Ok(());
            };
            is_taken[best] = true;
            self.rows.push(pool[best]);
            for (k, near) in nearest.iter_mut().enumerate() {
                *near = near.max(cosine(vectors[k], vectors[best]));
            }
        }
        Ok(())
    }
}
