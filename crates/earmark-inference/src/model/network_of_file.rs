//! The network that a model file describes: its variables, or the imported graph that it holds.

use crate::PipelineError;
use earmark_engine::ModelFile;
use earmark_features::Extractor;
use earmark_models::{Network, NetworkConfig, VarSpec, open_graph};
use std::path::Path;

/// Builds the network of the model file at `path`, for a number of classes, with what computes its graph where it is an
/// imported one. Its variables have no values yet.
///
/// # Errors
///
/// For settings that can't work, a graph that is missing, of other sizes or more than there should be, and one that this
/// program can't compute.
pub fn network_of_file(
    path: &Path,
    file: &ModelFile,
    config: &NetworkConfig,
    extractor: &Extractor,
    classes: usize,
) -> Result<(Network, Vec<VarSpec>), PipelineError> {
    let refused = |reason: String| PipelineError::Request(format!("{}: {reason}", path.display()));
    let changed = "the file was changed: restore it from a copy, or import it again";
    let channels = extractor.channels();
    let graph = match (config, file.graph.as_deref()) {
        (NetworkConfig::Onnx(graph), Some(bytes)) => {
            if !graph.linear_head && graph.scores != classes {
                let scores = graph.scores;
                return Err(refused(format!(
                    "names {classes} classes, and its graph gives {scores} scores; {changed}"
                )));
            }
            let Some(frames) = extractor.segment_frames() else {
                return Err(refused(format!(
                    "does not say how long the windows of its graph are; {changed}"
                )));
            };
            let shape = graph.shape([channels, extractor.bands(), frames]);
            Some(open_graph(bytes, &shape).map_err(refused)?)
        }
        (NetworkConfig::Onnx(_), None) => {
            return Err(refused(format!("lacks the graph that its network is; {changed}")));
        }
        (_, Some(_)) => {
            return Err(refused(format!(
                "holds a graph that its network does not use; {changed}"
            )));
        }
        (_, None) => None,
    };
    Ok(Network::build_with_graph(config, channels, classes, graph)?)
}
