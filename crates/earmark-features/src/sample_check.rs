//! Refuses samples that are not a number or far too large.

use crate::{error::FeatureError, simd::vectorise};
use pulp::Arch;

/// Samples beyond this are no sound (120 dB over full scale), and their powers would overflow.
const LOUDEST: f32 = 1e6;

/// Refuses samples that are not a number, infinite or far too large.
pub(crate) fn check_samples(arch: Arch, samples: &[f32]) -> Result<(), FeatureError> {
    let bad = vectorise!(arch, first_bad(samples));
    bad.map_or(Ok(()), |(index, value)| {
        Err(FeatureError::Sample { index, value })
    })
}

/// The first bad sample. Chunks are checked as a whole: a search that may stop at any sample would not be vectorised.
#[inline(always)]
fn first_bad(samples: &[f32]) -> Option<(usize, f32)> {
    const CHUNK: usize = 1024;
    let good = |x: &f32| x.abs() <= LOUDEST;
    samples.chunks(CHUNK).enumerate().find_map(|(chunk, samples)| {
        if samples.iter().fold(true, |all, x| all & good(x)) {
            return None;
        }
        let bad = samples.iter().position(|x| !good(x));
        bad.map(|i| (chunk * CHUNK + i, samples[i]))
    })
}
