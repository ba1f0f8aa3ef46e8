//! The table of the perceptron's layers.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::perceptron::network::Perceptron;

impl Perceptron {
    /// Activation shapes, weights (of dense layers, without biases) and multiplies of each layer.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        let (inputs, components) = (self.input.inputs, self.config.components);
        table.vector("Standardise", inputs, 0, inputs);
        if components > 0 {
            table.vector(format!("PCA({components})"), components, 0, components * inputs);
        }
        for dense in self.hidden.iter().chain([&self.logits]) {
            table.dense("", dense);
        }
        table.finish(format!("perceptron of {inputs} inputs"))
    }
}
