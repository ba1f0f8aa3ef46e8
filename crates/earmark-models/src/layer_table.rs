//! The layers of a network as a table: activation shapes, weights and multiplies.

use crate::blocks::conv::Conv;
use crate::blocks::dense::Dense;
use crate::blocks::pool::pooled_size;
use serde::Serialize;

/// One layer of a [`LayerTable`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerRow {
    /// Kind and parameters, in the notation of the DCASE 2019 baseline.
    pub name: String,
    /// Shape of the activation without the batch: height, width, channels; or the features.
    pub activation: Vec<usize>,
    /// Weights of the layer without BatchNorm and biases.
    pub weights: usize,
    /// Multiplications for one input.
    pub multiplies: usize,
}

/// The layers of a network for one input size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerTable {
    /// One line that names the network.
    pub title: String,
    /// From input to logits.
    pub rows: Vec<LayerRow>,
}

impl LayerTable {
    /// Weights of all layers, without BatchNorm and biases.
    pub fn weights(&self) -> usize {
        self.rows.iter().map(|r| r.weights).fold(0, usize::saturating_add)
    }

    /// Multiplications of all layers for one input.
    pub fn multiplies(&self) -> usize {
        self.rows
            .iter()
            .map(|r| r.multiplies)
            .fold(0, usize::saturating_add)
    }

    /// Scalars of all activations for one input: the least that training keeps for the backward pass.
    pub fn activations(&self) -> usize {
        let scalars = |r: &LayerRow| r.activation.iter().fold(1_usize, |n, d| n.saturating_mul(*d));
        self.rows.iter().map(scalars).fold(0, usize::saturating_add)
    }
}

/// `1234` as `1.2K`, `17530` as `17.5K`, `3300000` as `3.3M`.
pub fn short_count(n: usize) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{:.1}K", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", n as f64 / 1e6),
        _ => format!("{:.1}G", n as f64 / 1e9),
    }
}

/// Builds a [`LayerTable`] from input to logits, following the size of the plane.
pub(crate) struct LayerTableBuilder {
    /// Rows and columns of the current plane.
    pub size: [usize; 2],
    rows: Vec<LayerRow>,
}

impl LayerTableBuilder {
    /// Starts with images of `size` rows and columns as the input.
    pub fn image_input(size: [usize; 2], channels: usize) -> Self {
        let mut table = Self { size, rows: vec![] };
        table.plane("Input", channels, 0, 0);
        table
    }

    /// Starts with vectors as the input.
    pub fn vector_input(features: usize) -> Self {
        let (size, rows) = ([1, 1], vec![]);
        let mut table = Self { size, rows };
        table.vector("Input", features, 0, 0);
        table
    }

    fn row(&mut self, name: impl Into<String>, activation: Vec<usize>, weights: usize, multiplies: usize) {
        self.rows.push(LayerRow {
            name: name.into(),
            activation,
            weights,
            multiplies,
        });
    }

    /// A layer that yields planes of the current size.
    pub fn plane(&mut self, name: impl Into<String>, channels: usize, weights: usize, multiplies: usize) {
        let [h, w] = self.size;
        self.row(name, vec![h, w, channels], weights, multiplies);
    }

    /// A layer that yields a vector.
    pub fn vector(&mut self, name: impl Into<String>, features: usize, weights: usize, multiplies: usize) {
        self.row(name, vec![features], weights, multiplies);
    }

    /// A convolution; `prefix` names it unless it is empty.
    pub fn conv(&mut self, prefix: &str, conv: &Conv) {
        let multiplies = conv.spec.multiplies(self.size);
        self.size = conv.spec.output_size(self.size);
        let name = with_prefix(prefix, &conv.spec.name());
        self.plane(name, conv.spec.output, conv.spec.weights(), multiplies);
    }

    /// A pool over windows that touch.
    pub fn pool(&mut self, name: impl Into<String>, channels: usize, window: usize) {
        self.size = pooled_size(self.size, window);
        self.plane(name, channels, 0, 0);
    }

    /// A pool over whole planes.
    pub fn global_pool(&mut self, name: &str, channels: usize) {
        self.size = [1, 1];
        self.plane(name, channels, 0, 0);
    }

    /// A dense layer; `prefix` names it unless it is empty.
    pub fn dense(&mut self, prefix: &str, dense: &Dense) {
        self.dense_then(prefix, dense, "", 0);
    }

    /// The same with the name of what follows it, which has this number of weights itself.
    pub fn dense_then(&mut self, prefix: &str, dense: &Dense, activation: &str, slopes: usize) {
        let weights = dense.input * dense.output;
        let name = with_prefix(prefix, &format!("Dense({}){activation}", dense.output));
        self.vector(name, dense.output, weights + slopes, weights);
    }

    /// The table, with the multiplies of all layers behind its title.
    pub fn finish(self, title: String) -> LayerTable {
        let rows = self.rows;
        let mut table = LayerTable { title, rows };
        let multiplies = short_count(table.multiplies());
        table.title += &format!(", {multiplies} multiplies per input");
        table
    }
}

fn with_prefix(prefix: &str, layer: &str) -> String {
    format!("{prefix} {layer}").trim_start().to_owned()
}
