//! Networks that are graphs in another format: the seam to the runtime that computes them.
//!
//! No crate of earmark needs such a runtime to build. A program that has one registers it with [`set_graph_opener`]
//! before it opens models; without one, opening such a model is an error that says so.

use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

/// A graph that is ready to compute.
pub trait GraphRunner: Debug + Send + Sync {
    /// Computes `count` inputs of [`GraphShape::input`], one after the other in `x`. What is computed of one does not
    /// depend on the others.
    ///
    /// # Errors
    /// What the graph or its runtime can't do, in words.
    fn run(&self, x: &[f32], count: usize) -> Result<GraphOutput, String>;
}

/// What a graph gives for some inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphOutput {
    /// Scores as the graph gives them, row-major `[inputs, scores]`.
    pub scores: Vec<f32>,
    /// Embeddings, row-major `[inputs, features]`.
    pub embedding: Vec<f32>,
}

/// What a graph must take and give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphShape {
    /// Channels, bands and frames of one input; samples are frames of one band.
    pub input: [usize; 3],
    /// Number of scores.
    pub scores: usize,
    /// Features of the embedding.
    pub embedding: usize,
}

/// Makes a runner of the bytes of a graph, which may be anybody's.
pub type GraphOpener = fn(&[u8], &GraphShape) -> Result<Arc<dyn GraphRunner>, String>;

/// One runtime per program, as models are opened from everywhere.
static OPENER: OnceLock<GraphOpener> = OnceLock::new();

/// Registers the runtime that opens graphs. The first one stays.
pub fn set_graph_opener(opener: GraphOpener) {
    let _ = OPENER.set(opener);
}

/// Opens a graph by the registered runtime.
///
/// # Errors
/// Where there is no runtime, and for what it refuses.
pub fn open_graph(bytes: &[u8], shape: &GraphShape) -> Result<Arc<dyn GraphRunner>, String> {
    let opener = OPENER.get().ok_or_else(|| {
        "its network is an imported ONNX graph, and this program was built without the feature `onnx-models`; build \
         it with `--features onnx-models`, or take a release, which has it"
            .to_owned()
    })?;
    opener(bytes, shape)
}
