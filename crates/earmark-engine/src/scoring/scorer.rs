//! A trained network with its front end: the scores, logits or embeddings of segments.

use super::random_crops::{CropMean, RandomCrops};
use super::segment_scores::SegmentScores;
use crate::loss::Loss;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_features::Extractor;
use earmark_models::{Forward, Network, Vars, to_host};
use std::sync::Arc;

/// A trained network with what turns its logits into scores.
#[derive(Clone, Debug)]
pub struct Scorer {
    /// The layers.
    pub network: Network,
    /// Their values, on the device to compute on.
    pub vars: Vars,
    /// How scores are made of logits.
    pub loss: Loss,
    /// The front end that makes the features.
    pub extractor: Arc<Extractor>,
    /// Random crops of several lengths, in place of the extractor's segments.
    pub random_crops: Option<RandomCrops>,
    /// Segments of one forward pass.
    pub batch: usize,
    /// Where to compute.
    pub device: Device,
}

/// Segments of one length for a forward pass.
#[derive(Clone, Debug)]
pub struct SegmentBatch {
    /// Values, row-major.
    pub x: Vec<f32>,
    /// `[segments, channels, bands, frames]`.
    pub shape: [usize; 4],
    /// Clip-level features of each segment's clip, `[segments, numbers]` row-major; empty where the network takes none.
    pub clip_features: Vec<f32>,
}

impl SegmentBatch {
    /// Segments without clip-level features.
    pub fn new(x: Vec<f32>, shape: [usize; 4]) -> Self {
        Self {
            x,
            shape,
            clip_features: Vec::new(),
        }
    }
}

/// What a forward pass gives for each segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScorerOutput {
    /// Scores in 0 to 1, one per class.
    Scores,
    /// What comes before the scores, one number per class.
    Logits,
    /// What the network's head classifies.
    Embeddings,
    /// The logits, then the input of the hidden layer before them ([`Architecture::bypass`](earmark_models::Architecture::bypass)).
    LogitsAndHiddenInput,
}

impl Scorer {
    /// Scores of segments, row-major `[segments, classes]`.
    pub fn scores(&self, batch: SegmentBatch) -> Vec<f32> {
        self.forward(ScorerOutput::Scores, batch)
    }

    /// Scores, logits or embeddings of segments, row-major `[segments, numbers]`.
    pub fn forward(&self, output: ScorerOutput, batch: SegmentBatch) -> Vec<f32> {
        let (network, segments) = (&self.network, batch.shape[0]);
        let clip_features = clip_features_tensor(network, batch.clip_features, segments, &self.device);
        let x = Tensor::<4>::from_data(TensorData::new(batch.x, batch.shape), &self.device);
        let mut ctx = Forward::eval(&self.vars).with_clip_features(clip_features);
        to_host(match output {
            ScorerOutput::Scores => self.loss.scores(network.forward(x, &mut ctx)),
            ScorerOutput::Logits => network.forward(x, &mut ctx),
            ScorerOutput::Embeddings => network.embed(x, &mut ctx),
            ScorerOutput::LogitsAndHiddenInput => {
                let (input, embedding) = network.embed_with_hidden_input(x, &mut ctx);
                let logits = network.classify(embedding, &mut ctx);
                Tensor::cat(vec![logits, input], 1)
            }
        })
    }

    /// A clip's scores from those of its segments.
    pub fn mean(&self, segments: &SegmentScores) -> Vec<f32> {
        match self.random_crops.as_ref().map(|crops| crops.mean) {
            Some(CropMean::Geometric) => segments.geometric_mean(),
            Some(CropMean::Arithmetic) | None => segments.mean(),
        }
    }
}

/// `[segments, numbers]` for a network that takes clip-level features; nothing for others.
pub(crate) fn clip_features_tensor(
    network: &Network,
    clip_features: Vec<f32>,
    segments: usize,
    device: &Device,
) -> Option<Tensor<2>> {
    let numbers = network.clip_feature_inputs();
    (numbers > 0).then(|| Tensor::from_data(TensorData::new(clip_features, [segments, numbers]), device))
}
