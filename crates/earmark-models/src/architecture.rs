//! What every network implements: [`ArchitectureConfig`] for its settings, [`Architecture`] for the built network.

use crate::blocks::InputScalerSpec;
use crate::bypass::HiddenBypass;
use crate::forward_pass::Forward;
use crate::layer_table::LayerTable;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars};
use burn::tensor::Tensor;
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use std::fmt::Debug;
use std::sync::Arc;

/// What a network takes as its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkInput {
    /// Spectrograms: `[B, channels, bands, frames]`.
    Spectrogram,
    /// Handcrafted clip features: `[B, features, 1, 1]`.
    HandcraftedFeatures,
    /// Scores of other models, for stacking: `[B, scores, 1, 1]`.
    Scores,
    /// Whatever an imported graph takes, samples or spectrograms: `[B, channels, bands, frames]`.
    OfGraph,
}

/// How many clip-level features a network takes in addition to the spectrogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipFeatureInput {
    /// Principal components that reach the network.
    pub components: usize,
    /// Features per clip, from which the components are computed.
    pub inputs: usize,
}

/// The settings of a network: `[network]` of a recipe without its `kind`.
pub trait ArchitectureConfig: Check {
    /// Declares the variables of a network with `channels` input channels and `classes` classes, and returns the network.
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture>;

    /// What the network takes.
    fn input(&self) -> NetworkInput {
        NetworkInput::Spectrogram
    }

    /// Number of bands that the front end must have; `None` where any number works.
    fn bands(&self) -> Option<usize> {
        None
    }

    /// Clip-level features that the network takes in addition to the spectrogram.
    fn clip_features(&self) -> Option<ClipFeatureInput> {
        None
    }
}

/// A built network: handles of layers, no values. [`Vars`] holds the values.
pub trait Architecture: Debug + Send + Sync {
    /// `[B, channels, bands, frames]` to embeddings `[B, E]`: the features, pooled over the plane, that the last dense layers
    /// classify.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2>;

    /// Embeddings `[B, E]` to the main logits `[B, classes]`.
    ///
    /// # Panics
    /// If the network takes clip-level features and the pass has none ([`Forward::with_clip_features`]).
    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2>;

    /// Features of an embedding, `E`.
    fn embedding_len(&self) -> usize;

    /// The layers for one input of this size.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable;

    /// Adds the network, as it is in evaluation, with the weights of `vars`, to a graph behind images of
    /// `[batch, channels, bands, frames]`.
    ///
    /// # Errors
    /// If the network takes anything other than spectrograms.
    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError>;

    /// Prefixes of the variables that [`Architecture::classify`] reads: the head. All others belong to the backbone.
    fn head_prefixes(&self) -> &'static [&'static str] {
        &["logits."]
    }

    /// Prefixes of the layers whose outputs are the classes: only their shapes depend on the number of classes.
    fn class_prefixes(&self) -> &'static [&'static str] {
        &["logits."]
    }

    /// The hidden layer before the logits, where it can pass its input on: then a linear classifier can take the place of both. `None` for
    /// a network without one, and where the layer is narrower than its input or has no linear part that all inputs reach.
    fn bypass(&self) -> Option<HiddenBypass> {
        None
    }

    /// `[B, channels, bands, frames]` to the input of the layer of [`Architecture::bypass`], `[B, inputs]`, and to the embeddings
    /// `[B, E]`, in one pass. By default the embeddings are that input.
    fn embed_with_hidden_input(&self, x: Tensor<4>, ctx: &mut Forward) -> (Tensor<2>, Tensor<2>) {
        let embedding = self.embed(x, ctx);
        (embedding.clone(), embedding)
    }

    /// `[B, channels, bands, frames]` to the main logits `[B, classes]`, which are predicted and evaluated.
    fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let embedding = self.embed(x, ctx);
        self.classify(embedding, ctx)
    }

    /// All outputs `[B, classes]`, for training: first that of [`Architecture::forward`], then the auxiliary ones.
    fn outputs(&self, x: Tensor<4>, ctx: &mut Forward) -> Vec<Tensor<2>> {
        vec![self.forward(x, ctx)]
    }

    /// The weight of each output's loss, in the order of [`Architecture::outputs`].
    fn output_weights(&self) -> Vec<f64> {
        vec![1.0]
    }

    /// Why the outputs of the last pass that has some which are not finite are not: what a runtime said that computes an
    /// imported graph. `None` for other networks, and where the graph itself gives such numbers.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Number of clip-level features that a pass needs ([`Forward::with_clip_features`]); 0 for none.
    fn clip_feature_inputs(&self) -> usize {
        0
    }

    /// The scaler that is fitted on the training clips before the first step, for a network that scales its input or its
    /// clip-level features.
    fn input_scaler(&self) -> Option<&InputScalerSpec> {
        None
    }
}
