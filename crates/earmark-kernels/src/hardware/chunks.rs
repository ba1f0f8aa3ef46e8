//! Chunks of a slice spread over threads.

use rayon::prelude::*;

/// Does `work` with the number of each chunk of `len` numbers and the chunk, at least `together` of them on a thread. One
/// loop for all operations: each of rayon's that is compiled for itself is some kilobytes of code.
pub(crate) fn each_chunk(
    data: &mut [f32],
    len: usize,
    together: usize,
    work: &(dyn Fn(usize, &mut [f32]) + Sync),
) {
    data.par_chunks_mut(len)
        .enumerate()
        .with_min_len(together)
        .for_each(|(number, chunk)| work(number, chunk));
}
