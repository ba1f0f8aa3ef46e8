//! A chain of convolutions: its layers, checked, and the sizes of the planes between them.

use crate::chain::conv_layer::{ChainError, ConvKind, ConvLayer};
use crate::elementwise::pool::{self, Pool, PoolShape};

/// Checked layers and the plane sizes between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub(super) layers: Vec<ConvLayer>,
    /// Plane before each layer, and after the last.
    pub(super) sizes: Vec<[usize; 2]>,
    /// What pools the last layer's activated output, and its window.
    pool: Option<(Pool, [usize; 2])>,
}

impl Chain {
    /// Checks that the layers follow each other for input planes of `size` rows and columns.
    ///
    /// # Errors
    /// If they do not.
    pub fn new(size: [usize; 2], layers: Vec<ConvLayer>) -> Result<Self, ChainError> {
        let mut reached = layers.first().ok_or(ChainError::Empty)?.inputs;
        let mut sizes = vec![size];
        let mut now = size;
        for (i, layer) in layers.iter().enumerate() {
            let odd = matches!(layer.kind, ConvKind::Depthwise(_)) && layer.inputs != layer.outputs;
            if layer.inputs != reached || layer.inputs == 0 || layer.outputs == 0 || odd {
                return Err(ChainError::Channels {
                    layer: i,
                    reached,
                    declared: (layer.inputs, layer.outputs),
                });
            }
            now = match layer.output(now) {
                Some(next) if now[0] * now[1] > 0 => next,
                _ => return Err(ChainError::Window { layer: i, size: now }),
            };
            reached = layer.outputs;
            sizes.push(now);
        }
        Ok(Self {
            layers,
            sizes,
            pool: None,
        })
    }

    /// The same chain, ending in a pool: the last layer's activated output then never exists as a whole.
    ///
    /// # Errors
    /// If the window is empty or larger than the plane that reaches it.
    pub fn pooled(mut self, pool: Pool, window: [usize; 2]) -> Result<Self, ChainError> {
        let (layer, size) = (self.layers.len(), self.sizes[self.layers.len()]);
        if pool::output(size, window).is_none() {
            return Err(ChainError::Window { layer, size });
        }
        self.pool = Some((pool, window));
        Ok(self)
    }

    /// The pool at the end, if there is one.
    pub fn final_pool(&self) -> Option<PoolShape> {
        let channels = self.layers.last()?.outputs;
        self.pool.map(|(pool, window)| PoolShape {
            pool,
            window,
            channels,
            size: self.sizes[self.layers.len()],
        })
    }

    /// The layers.
    pub fn layers(&self) -> &[ConvLayer] {
        &self.layers
    }

    /// Rows and columns of the planes that reach a layer (or leave the last, for the index after it).
    pub fn size(&self, layer: usize) -> [usize; 2] {
        self.sizes[layer]
    }

    /// Rows and columns of an output plane, pooled if the chain ends so.
    pub fn output_size(&self) -> [usize; 2] {
        let size = self.sizes[self.layers.len()];
        let pooled = self.pool.and_then(|(_, window)| pool::output(size, window));
        pooled.unwrap_or(size)
    }

    /// Length of the raw output of a layer.
    pub(crate) fn raw_len(&self, layer: usize, batch: usize) -> usize {
        let [h, w] = self.sizes[layer + 1];
        self.layers[layer].outputs * batch * h * w
    }
}
