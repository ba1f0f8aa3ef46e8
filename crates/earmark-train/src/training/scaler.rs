//! What a network does to its input before its first weight, fitted on clips.

use crate::PipelineError;
use earmark_data::{FeatureStore, Item};
use earmark_engine::fit_scaler;
use earmark_models::{Network, Vars};

/// Fits the input of a network that standardises it itself, or what it hears besides, on clips that are trained on and no others; does nothing to others. A
/// resume finds the same again.
pub(super) fn fit_on_clips(
    network: &Network,
    store: &FeatureStore,
    clips: &[Item],
    vars: &mut Vars,
) -> Result<(), PipelineError> {
    let Some(fit) = network.input_scaler() else {
        return Ok(());
    };
    let row = |item: &Item| -> Result<Vec<f32>, PipelineError> {
        if fit.scales_clip_features {
            let own = store.clip_features(item, None)?;
            return Ok(own.map(|own| own.data.clone()).unwrap_or_default());
        }
        let features = store.get(item, None)?;
        let finished = store.extractor().postprocess(&features);
        let finished = finished.map_err(|cause| PipelineError::Request(format!("{}: {cause}", item.file)))?;
        Ok(finished.data)
    };
    let rows: Vec<Vec<f32>> = clips.iter().map(row).collect::<Result<_, _>>()?;
    Ok(fit_scaler(network, &rows, vars)?)
}
