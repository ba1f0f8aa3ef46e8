//! What a network is made of, as numbers.

use serde::Serialize;

/// One layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerRow {
    /// Kind and parameters, in the notation of the DCASE 2019 baseline.
    pub name: String,
    /// Shape of the activation without the batch: height, width, channels; or the features.
    pub activation: Vec<usize>,
    /// Weights of the layer without BatchNorm and biases.
    pub weights: usize,
    /// Multiplications for one example.
    pub multiplies: usize,
}

impl LayerRow {
    /// A row with an image-like activation.
    pub fn new(name: impl Into<String>, activation: [usize; 3], weights: usize, multiplies: usize) -> Self {
        Self {
            name: name.into(),
            activation: activation.to_vec(),
            weights,
            multiplies,
        }
    }
}

/// The layers of a network for one input size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// One line that names the network.
    pub title: String,
    /// From input to logits.
    pub rows: Vec<LayerRow>,
}

impl Summary {
    /// Weights of all layers, without BatchNorm and biases.
    pub fn weights(&self) -> usize {
        self.rows.iter().map(|r| r.weights).sum()
    }

    /// Multiplications of all layers for one example.
    pub fn multiplies(&self) -> usize {
        self.rows.iter().map(|r| r.multiplies).sum()
    }

    /// Scalars of all activations for one example: what training keeps for the backward pass, at least.
    pub fn activations(&self) -> usize {
        self.rows
            .iter()
            .map(|r| r.activation.iter().product::<usize>())
            .sum()
    }
}

/// `1234` as `1.2K`, `17530` as `17.5K`, `3300000` as `3.3M`.
pub fn human_count(n: usize) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{:.1}K", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", n as f64 / 1e6),
        _ => format!("{:.1}G", n as f64 / 1e9),
    }
}
