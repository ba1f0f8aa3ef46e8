//! What happens to a piece of an operation's output while it is still in the cache.

use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::rows::{Moments, map_in_place, moments};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::lengths::check_channels;
use crate::hardware::reused_buffers::Workspace;

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
            check_channels("the normalisation to apply", norm.channels(), channels);
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

/// Merges what tiles yield for each of their rows, given in the order of the tiles, into one value per channel.
fn merge<T: Copy + Default>(
    channels: usize,
    tiles: &[(usize, Vec<T>)],
    merged: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut all = vec![T::default(); channels];
    for (row0, part) in tiles {
        for (sum, &value) in all[*row0..].iter_mut().zip(part) {
            *sum = merged(*sum, value);
        }
    }
    all
}

/// The moments of each channel from those of tiles; empty if the tiles gave none.
pub(crate) fn merge_moments(channels: usize, tiles: &[(usize, Vec<Moments>)]) -> Vec<Moments> {
    if tiles.iter().all(|(_, m)| m.is_empty()) {
        return Vec::new();
    }
    merge(channels, tiles, Moments::merge)
}

/// The pairs of sums of each channel from those of tiles.
pub(crate) fn merge_sums(channels: usize, tiles: &[(usize, Vec<(f64, f64)>)]) -> Vec<(f64, f64)> {
    merge(channels, tiles, |a, b| (a.0 + b.0, a.1 + b.1))
}
