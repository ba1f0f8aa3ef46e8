//! Weight gradients from groups of work: each group sums into a matrix of its own, and these are added in their order, so that
//! the result does not depend on the number of threads.

use rayon::prelude::*;

use crate::elementwise::rows::add_row;
use crate::gemm::tiles_by_thread::{Tile, split};
use crate::hardware::chunks::each_chunk;
use crate::hardware::reused_buffers::Workspace;

/// Maximum total size of the partial weight gradients, in numbers.
pub(crate) const PARTIALS: usize = 4 << 20;

/// Cuts a list into `groups` runs of nearly equal length, each with its first index.
pub(crate) fn share<T: Send>(items: &mut [T], groups: usize) -> Vec<(usize, &mut [T])> {
    let (total, mut rest, mut first) = (items.len(), items, 0);
    (0..groups)
        .map(|g| {
            let end = total * (g + 1) / groups;
            let (now, later) = std::mem::take(&mut rest).split_at_mut(end - first);
            rest = later;
            let begin = first;
            first = end;
            (begin, now)
        })
        .collect()
}

/// Fills each of the partial gradients `[rows, columns]` from its group of the pieces, cut into blocks of columns, and adds
/// them up: `work` fills a block from some pieces.
pub(crate) fn sum_groups<T: Send + Sync>(
    ws: &Workspace,
    partials: &mut [f32],
    [rows, columns, block]: [usize; 3],
    pieces: &mut [T],
    work: impl Fn(Tile<'_>, &[T]) + Sync,
) -> Vec<f32> {
    let length = rows * columns;
    let groups = share(pieces, partials.len() / length);
    let jobs: Vec<_> = partials
        .chunks_exact_mut(length)
        .zip(&groups)
        .flat_map(|(partial, (_, pieces))| {
            let tiles = split(partial, rows, columns, rows, block);
            tiles.into_iter().map(move |tile| (tile, &**pieces))
        })
        .collect();
    jobs.into_par_iter()
        .with_min_len(ws.grain)
        .with_max_len(1)
        .for_each(|(tile, pieces)| work(tile, pieces));
    reduce(ws, partials, length)
}

/// Adds up partial gradients in their order.
pub(crate) fn reduce(ws: &Workspace, partials: &[f32], length: usize) -> Vec<f32> {
    let mut sum = partials[..length].to_vec();
    const PIECE: usize = 1 << 14;
    each_chunk(&mut sum, PIECE, ws.grain, &|i, out| {
        for partial in partials.chunks_exact(length).skip(1) {
            add_row(ws.isa(), out, &partial[i * PIECE..][..out.len()]);
        }
    });
    sum
}
