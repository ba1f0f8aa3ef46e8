//! What happens to a piece of an operation's output while it is still in the cache.

use crate::activation::Activation;
use crate::memory::Workspace;
use crate::norm::Norm;
use crate::rows::{Moments, map_in_place, moments};
use crate::tiles::Tile;

/// What a forward operation does with its raw result.
#[derive(Clone, Copy, Debug)]
pub enum Epilogue<'a> {
    /// Nothing.
    Raw,
    /// Returns each channel's mean and variance, for [`Norm::batch`]: training.
    Moments,
    /// Normalises (or adds a bias) and activates in place: inference.
    Apply(&'a Norm, Activation),
}

impl Epilogue<'_> {
    pub(crate) fn check(&self, channels: usize) {
        if let Self::Apply(norm, _) = self {
            assert_eq!(
                norm.channels(),
                channels,
                "the normalisation to apply has another number of channels"
            );
        }
    }

    /// Finishes a tile; the moments are those of its rows, or none.
    pub(crate) fn finish(&self, ws: &Workspace, tile: &mut Tile<'_>) -> Vec<Moments> {
        match self {
            Self::Raw => Vec::new(),
            Self::Moments => (0..tile.rows).map(|r| moments(ws.isa(), tile.row(r))).collect(),
            Self::Apply(norm, act) => {
                for r in 0..tile.rows {
                    let map = norm.row(tile.row0 + r, *act);
                    map_in_place(ws.isa(), tile.row(r), map);
                }
                Vec::new()
            }
        }
    }
}

/// Merges the moments of tiles, given in the order that they were cut, into those of each channel.
/// Empty if the tiles gave none.
pub(crate) fn merge_moments(channels: usize, tiles: &[(usize, Vec<Moments>)]) -> Vec<Moments> {
    if tiles.iter().all(|(_, m)| m.is_empty()) {
        return Vec::new();
    }
    let mut all = vec![Moments::default(); channels];
    for (row0, part) in tiles {
        for (sum, &m) in all[*row0..].iter_mut().zip(part) {
            *sum = sum.merge(m);
        }
    }
    all
}

/// Adds up the pairs of sums of tiles in the order that they were cut.
pub(crate) fn merge_sums(channels: usize, tiles: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let mut all = vec![(0.0, 0.0); channels];
    for part in tiles {
        for (sum, &(a, b)) in all.iter_mut().zip(part) {
            sum.0 += a;
            sum.1 += b;
        }
    }
    all
}
