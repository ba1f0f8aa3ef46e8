//! Seeded random streams: one independent generator for every (seed, purpose, epoch, item, ...).
//!
//! Nothing in earmark draws from a generator that lives longer than one piece of work. Each piece derives its own
//! stream from the run's seed and the *path* that names the piece, so that the number of workers, the order in which
//! they finish, and where a run was resumed change nothing:
//!
//! ```
//! use earmark_core::random::{self, Purpose};
//! let (seed, epoch, item) = (17, 3, 42);
//! let mut a = random::stream(seed, &[Purpose::Augment as u64, epoch, item]);
//! let mut b = random::stream(seed, &[Purpose::Augment as u64, epoch, item]);
//! assert_eq!(random::unit(&mut a), random::unit(&mut b));
//! ```
//!
//! The helpers draw integers and floats by rules that are written out here and not by those of the `rand` crate, which
//! may change between releases; and they take logarithms from `libm`, which gives the same bits on every platform.

pub use rand_chacha::ChaCha8Rng;

use rand::{Rng, SeedableRng};

/// What a stream is for: the first step of its path, so that two purposes never share numbers.
///
/// The numbers are part of the meaning of a seed: append, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// The order of the segments of an epoch: `[Shuffle, epoch]`.
    Shuffle = 1,
    /// Augmentation of one segment: `[Augment, epoch, position in the epoch]`.
    Augment = 2,
    /// Mixing of the segments of one batch: `[Mix, epoch, batch]`.
    Mix = 3,
    /// Initial weights of a network: `[Init, parameter]`.
    Init = 4,
    /// Dropout masks: `[Dropout, step]`.
    Dropout = 5,
    /// Folds and hold-out splits: `[Split, ...]`.
    Split = 6,
    /// The synthetic demo set: `[Synth, subset, clip]`.
    Synth = 7,
    /// Sampling of clips with probabilities: `[Sample, epoch]`.
    Sample = 8,
    /// Random crops that a clip is scored by: `[Predict, key of its features]`.
    Predict = 9,
    /// Random search over recipe keys: `[Tune, trial]`.
    Tune = 10,
    /// The order in which clips are evaluated: `[Evaluate, step]`.
    Evaluate = 11,
    /// Partners of sounds that are mixed before the front end: `[Pair, epoch]`.
    Pair = 12,
    /// The length of a batch's segments: `[Length, epoch, batch]`.
    Length = 13,
    /// Copies of what a probe is fitted to, mixed with background: `[ProbeCopy, example, copy]`.
    ProbeCopy = 14,
    /// The order in which detections are cut out: `[Extract, checksum of the detection]`.
    Extract = 15,
    /// The order in which items of a class and a range of scores are reviewed: `[Review, checksum of the item]`.
    Review = 16,
    /// Windows of an index that are proposed for a label: `[Propose, number of labelled windows]`.
    Propose = 17,
}

/// The generator of the piece of work that `path` names, under `seed`.
///
/// The key of ChaCha8 is the BLAKE3 hash of the seed, the length of the path and its steps (little endian), so that
/// streams of different paths are independent, `[1]` and `[1, 0]` included. Begin a path with a [`Purpose`].
pub fn stream(seed: u64, path: &[u64]) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"earmark random stream 1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&(path.len() as u64).to_le_bytes());
    for step in path {
        hasher.update(&step.to_le_bytes());
    }
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// A number for what was made of a clip, to begin a stream that depends on nothing else: 64 bits of the BLAKE3 of the
/// values' bytes.
pub fn key_of(values: &[f32]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for chunk in values.chunks(1024) {
        let bytes: Vec<u8> = chunk.iter().flat_map(|value| value.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    let mut key = [0; 8];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(key)
}

/// A whole number from 0 to `n - 1`, each equally likely; 0 for `n` of 0 or 1.
///
/// Multiply-and-shift with rejection (Lemire 2019, "Fast Random Integer Generation in an Interval").
pub fn below(rng: &mut impl Rng, n: usize) -> usize {
    let n = n as u64;
    if n < 2 {
        return 0;
    }
    // 2^64 mod n: the low halves below it would make some results likelier.
    let surplus = n.wrapping_neg() % n;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(n);
        if (product as u64) >= surplus {
            return (product >> 64) as usize;
        }
    }
}

/// A number in [0, 1), a multiple of 2^-53.
pub fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A number in [`low`, `high`), uniform; `low` when the two are equal.
pub fn uniform(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(rng)
}

/// True with probability `p`.
pub fn chance(rng: &mut impl Rng, p: f64) -> bool {
    unit(rng) < p
}

/// The index of one of `weights`, each as likely as its share of their sum; they must be at least 0, and one above it.
pub fn weighted(rng: &mut impl Rng, weights: impl Iterator<Item = f64> + Clone) -> usize {
    let mut left = unit(rng) * weights.clone().sum::<f64>();
    let mut last = 0;
    for (index, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0.0) {
        if left < weight {
            return index;
        }
        left -= weight;
        // Rounding may leave a little at the end: the last one that can be drawn takes it.
        last = index;
    }
    last
}

/// A random order of 0 to `n - 1` (Fisher-Yates).
pub fn permutation(rng: &mut impl Rng, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    shuffle(rng, &mut order);
    order
}

/// Puts `values` into a random order (Fisher-Yates, from the end).
pub fn shuffle<T>(rng: &mut impl Rng, values: &mut [T]) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(rng, last + 1));
    }
}

/// A number from the standard normal distribution (the polar method of Marsaglia and Bray; one of the pair is thrown
/// away, so that a draw keeps no state).
pub fn normal(rng: &mut impl Rng) -> f32 {
    normal_f64(rng) as f32
}

/// As [`normal`], with all its digits.
pub fn normal_f64(rng: &mut impl Rng) -> f64 {
    loop {
        let (x, y) = (uniform(rng, -1.0, 1.0), uniform(rng, -1.0, 1.0));
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * libm::log(square) / square).sqrt();
        }
    }
}

/// A number from the Beta(`alpha`, `alpha`) distribution, in [0, 1]; `alpha` must be above 0.
///
/// The ratio of two gamma variates, compared as logarithms so that a tiny `alpha` does not end in 0 / 0.
pub fn beta(rng: &mut impl Rng, alpha: f64) -> f64 {
    let (a, b) = (log_gamma_variate(rng, alpha), log_gamma_variate(rng, alpha));
    1.0 / (1.0 + libm::exp(b - a))
}

/// The logarithm of a Gamma(`shape`, 1) variate: Marsaglia and Tsang (2000), with their boost for a shape below 1.
fn log_gamma_variate(rng: &mut impl Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        // 1 - unit is in (0, 1]: its logarithm is finite.
        let boost = libm::log(1.0 - unit(rng)) / shape;
        return log_gamma_variate(rng, shape + 1.0) + boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal_f64(rng);
        let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
        if v > 0.0 {
            let u = 1.0 - unit(rng);
            if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return libm::log(d * v);
            }
        }
    }
}
