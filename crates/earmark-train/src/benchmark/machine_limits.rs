//! What the machine does at most, measured.

use super::roofline::MachineLimits;
use super::time_and_peak_memory::timed;
use earmark_kernels::Isa;
use earmark_kernels::hardware::limits::multiply_adds;
use rayon::prelude::*;

/// Numbers in each of the two arrays that a thread reads: more than its share of most caches.
const ARRAY: usize = 1 << 22;
/// Rounds of multiply-adds in a measurement, some milliseconds.
const ROUNDS: usize = 1 << 20;
/// Repetitions; the fastest counts, as a limit is what can be reached.
const REPEATS: usize = 5;

/// Measures; some tenths of a second, and 32 MiB per thread.
pub(super) fn machine_limits(isa: Isa) -> MachineLimits {
    let threads = rayon::current_num_threads();
    let fastest = |once: &mut dyn FnMut() -> f64| {
        let seconds = (0..=REPEATS).map(|_| once());
        // The first one warms up.
        seconds.skip(1).fold(f64::INFINITY, f64::min)
    };
    let done = (threads * multiply_adds(isa, 1) * ROUNDS) as f64;
    let computing = fastest(&mut || timed(|| rayon::broadcast(|_| multiply_adds(isa, ROUNDS))));
    let mut arrays: Vec<[Vec<f32>; 2]> = (0..threads)
        .map(|_| [vec![1.0; ARRAY], vec![0.0; ARRAY]])
        .collect();
    let moving = fastest(&mut || {
        timed(|| {
            arrays.par_iter_mut().with_max_len(1).for_each(|[from, to]| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
            });
        })
    });
    let bytes = (3 * threads * ARRAY * size_of::<f32>()) as f64;
    MachineLimits {
        multiply_adds_per_second: done / computing,
        bytes_per_second: bytes / moving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_rates() {
        let limits = machine_limits(Isa::portable());
        assert!(limits.multiply_adds_per_second.is_finite() && limits.multiply_adds_per_second > 1e6);
        assert!(limits.bytes_per_second.is_finite() && limits.bytes_per_second > 1e6);
    }
}
