//! How the transform of a frame is split into products of small matrices.
//!
//! ONNX has operators for the transform (`STFT`, `DFT`), but runtimes compute them slowly, and lengths other than
//! powers of two with errors of a hundredth. A convolution with all cosines and sines is exact, but as large as a
//! network. In between is one step of Cooley and Tukey (1965): with `n = n1 n2`, sample `n2 a + b` and bin
//! `k1 + n1 k2`,
//!
//! ```text
//! X[k1 + n1 k2] = sum_b W_n^(b k1) W_n2^(b k2) sum_a x[n2 a + b] W_n1^(a k1)        W_m = exp(-2 pi i / m)
//! ```
//!
//! that is a product with an `n1 x n1` matrix, one twiddle factor per number, and a product with an `n2 x n2` matrix:
//! a tenth of the work, a hundredth of the size, and in float32 as exact as a fast transform. Because the samples are
//! real, `k1` up to `n1 / 2` is enough: the other bins mirror these. A prime length is its own `n1`.

use crate::stft::Framing;

/// The split of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FourierPlan {
    /// Length of the transform.
    pub fft: usize,
    /// Length of the first step's transforms.
    pub n1: usize,
    /// Length of the second step's, and columns of a frame.
    pub columns: usize,
    /// Rows of a frame: those of `n1` that the window covers.
    pub rows: usize,
}

impl FourierPlan {
    /// The cheapest plan.
    pub fn of(framing: &Framing, phase: bool) -> Self {
        let span = framing.window + if phase { framing.lead() } else { 0 };
        let fft = framing.fft;
        let plans = (1..=fft).filter(|n1| fft.is_multiple_of(*n1)).map(|n1| {
            let columns = fft / n1;
            Self {
                fft,
                n1,
                columns,
                rows: span.div_ceil(columns),
            }
        });
        plans.min_by_key(Self::cost).expect("1 divides everything")
    }

    /// Multiplications per frame.
    fn cost(&self) -> usize {
        self.columns * self.half() * (2 * self.rows + 4 * self.columns)
    }

    /// Number of `k1` that are computed.
    pub fn half(&self) -> usize {
        self.n1 / 2 + 1
    }

    /// Size of a spectrum as computed: `[half, columns]`, with bin `k1 + n1 k2` at row `k1`, column `k2`.
    pub fn places(&self) -> usize {
        self.half() * self.columns
    }

    /// The place of a bin up to `fft / 2`, and whether it holds the bin's mirror image.
    pub fn place_of(&self, bin: usize) -> (usize, bool) {
        let place = |bin: usize| {
            let (k1, k2) = (bin % self.n1, bin / self.n1);
            (k1 < self.half()).then_some(k1 * self.columns + k2)
        };
        match place(bin) {
            Some(place) => (place, false),
            // Never bin 0, which has the first place.
            None => (
                place(self.fft - bin).expect("one of the two has a small k1"),
                true,
            ),
        }
    }

    pub fn bins(&self) -> usize {
        self.fft / 2 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stft::Centre;

    fn plan(window: usize, fft: usize) -> FourierPlan {
        let framing = Framing {
            window,
            hop: 10,
            fft,
            centre: Centre::None,
        };
        FourierPlan::of(&framing, false)
    }

    #[test]
    fn every_bin_has_its_own_place() {
        for fft in [2, 3, 4, 9, 15, 16, 97, 100, 202, 512, 1764, 2048, 2560] {
            let p = plan(fft, fft);
            assert_eq!(p.n1 * p.columns, fft);
            let mut seen = vec![false; p.places()];
            for bin in 0..p.bins() {
                let (place, mirrored) = p.place_of(bin);
                let there = place / p.columns + p.n1 * (place % p.columns);
                assert_eq!(there, if mirrored { fft - bin } else { bin });
                assert!(!std::mem::replace(&mut seen[place], true), "{fft}: {bin}");
            }
        }
    }

    #[test]
    fn plans_need_a_tenth_of_the_multiplications() {
        let p = plan(2560, 2560);
        assert!(p.cost() * 10 < 2 * p.bins() * 2560, "{p:?}");
        let p = plan(97, 97);
        assert_eq!((p.n1, p.columns, p.rows), (97, 1, 97));
        assert_eq!(plan(800, 1024).rows, 800_usize.div_ceil(plan(800, 1024).columns));
    }
}
