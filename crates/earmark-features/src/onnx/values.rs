//! What stages of the graph pass on.

use earmark_onnx::Value;

/// The segments of a batch of clips, as values of a graph.
#[derive(Clone, Debug)]
pub struct OnnxSegments {
    /// Features `[batch x segments, channels, bands, frames]`: all segments of the first clip, then those of the next.
    pub features: Value,
    /// Number of segments per clip, `[1]`.
    pub count: Value,
    /// Channels of the features.
    pub channels: usize,
    /// Bands of the features.
    pub bands: usize,
    /// Frames of a segment; `None` where clips are segments of their own length, or equal pieces of it.
    pub frames: Option<usize>,
}

/// The log-mel of a batch of clips.
pub(super) struct OnnxLogMel {
    /// `[batch, frames, channels x bands]`, at least one frame; the first `count` are the clip's.
    pub value: Value,
    /// Number of frames of the clips, `[1]`; may be 0.
    pub count: Value,
    pub channels: usize,
    pub bands: usize,
}
