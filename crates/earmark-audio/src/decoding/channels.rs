//! Interleaved channels: mixed down to mono, and checked to be finite.

use crate::error::{Fault, FilePosition};

/// The mean of each frame's channels, appended to `out`.
pub(crate) fn mix_down(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    let scale = 1.0 / channels as f32;
    let pairs = interleaved.as_chunks::<2>().0;
    let mean = |frame: &[f32]| frame.iter().sum::<f32>() * scale;
    match channels {
        1 => out.extend_from_slice(interleaved),
        2 => out.extend(pairs.iter().map(|[l, r]| (l + r) * scale)),
        _ => out.extend(interleaved.chunks_exact(channels).map(mean)),
    }
}

/// Refuses the first sample that is NaN or infinite. `first_frame` is the frame of `samples[0]`.
pub(super) fn check_finite(
    samples: &[f32],
    channels: usize,
    first_frame: u64,
    sample_rate_hz: u32,
) -> Result<(), Fault> {
    // An exponent of all ones is NaN or infinite: one integer maximum finds it, without a branch per sample.
    const EXPONENT: u32 = 0x7f80_0000;
    let most = samples.iter().map(|x| x.to_bits() & 0x7fff_ffff).max();
    let bad = |_| samples.iter().position(|x| !x.is_finite());
    let Some(index) = most.filter(|bits| *bits >= EXPONENT).and_then(bad) else {
        return Ok(());
    };
    let at = FilePosition::frame(first_frame + (index / channels) as u64, sample_rate_hz);
    Err(Fault::NonFinite(samples[index], at))
}
