//! The shape of a dense convolution and the algorithm that computes it.

use crate::conv::window::{ConvWindow, Geometry};
use crate::elementwise::postponed_normalisation::OpInput;

/// Fewest channels on both sides for which transforming tiles pays.
const WINOGRAD_CHANNELS: usize = 32;
/// Fewest 4x4 output tiles for which transforming the kernels again for each call pays.
const WINOGRAD_TILES: usize = 32;

/// How a dense convolution is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// [`Algorithm::Winograd`] for 3x3 kernels with stride 1 between enough channels, else [`Algorithm::Direct`].
    #[default]
    Auto,
    /// A matrix product with the gathered input: any shape, f32 accuracy.
    Direct,
    /// F(4x4, 3x3) of Lavin and Gray (2016): only 3x3 with stride 1; about twice as fast, one decimal digit less accurate.
    Winograd,
}

/// The shape of a dense convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Kernel, stride and padding.
    pub window: ConvWindow,
    /// Rows and columns of an input plane.
    pub size: [usize; 2],
    /// How it is computed.
    pub algorithm: Algorithm,
}

impl ConvShape {
    /// Numbers in one kernel of one input channel.
    pub fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    /// The same shape with the faster algorithm for training with a batch: with few tiles, transforming the kernels
    /// at each step costs more than it saves.
    pub fn for_training(self, batch: usize) -> Self {
        let [h, w] = self.window.output(self.size).unwrap_or([0, 0]);
        let few = batch * h.div_ceil(4) * w.div_ceil(4) < WINOGRAD_TILES;
        match self.algorithm {
            Algorithm::Auto if few => Self {
                algorithm: Algorithm::Direct,
                ..self
            },
            _ => self,
        }
    }

    /// Whether Winograd's algorithm is used.
    pub(crate) fn transformed(&self) -> bool {
        let (window, padding) = (self.window, self.window.before);
        let fits = (window.kernel, window.stride) == ([3, 3], [1, 1]) && padding.iter().all(|&b| b < 3);
        match self.algorithm {
            Algorithm::Direct => false,
            Algorithm::Auto => fits && self.inputs.min(self.outputs) >= WINOGRAD_CHANNELS,
            Algorithm::Winograd => {
                assert!(
                    fits,
                    "Winograd's algorithm needs a 3x3 kernel, stride 1 and padding below 3, not {window:?}"
                );
                true
            }
        }
    }

    pub(crate) fn check(&self, x: &OpInput<'_>) -> (Geometry, usize) {
        let geo = Geometry::new(self.window, self.size);
        let batch = x.batch(self.inputs, geo.pixels());
        (geo, batch)
    }
}
