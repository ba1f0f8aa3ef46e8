//! Weight gradients from groups of work: each group sums into a matrix of its own, and these are added in their order, so that
//! the result does not depend on the number of threads.

use rayon::prelude::*;

use crate::elementwise::rows::add_row;
use crate::hardware::memory::Workspace;

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

/// Adds up partial gradients in their order.
pub(crate) fn reduce(ws: &Workspace, partials: &[f32], length: usize) -> Vec<f32> {
    let mut sum = partials[..length].to_vec();
    const PIECE: usize = 1 << 14;
    sum.par_chunks_mut(PIECE)
        .enumerate()
        .with_min_len(ws.grain())
        .for_each(|(i, out)| {
            for partial in partials.chunks_exact(length).skip(1) {
                add_row(ws.isa(), out, &partial[i * PIECE..][..out.len()]);
            }
        });
    sum
}
