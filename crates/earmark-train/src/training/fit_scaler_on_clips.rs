//! Fitting a network's input scaler on training clips.

use crate::PipelineError;
use earmark_data::{FeatureStore, Item};
use earmark_engine::fit_scaler;
use earmark_models::{Network, Vars};

/// Fits the scaler of a network's input or of its clip-level features on training clips; does nothing for a network without one. A
/// resumed run gets the same values again.
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
        let processed = store.extractor().postprocess(&features);
        let processed =
            processed.map_err(|cause| PipelineError::Request(format!("{}: {cause}", item.file)))?;
        Ok(processed.data)
    };
    let rows: Vec<Vec<f32>> = clips.iter().map(row).collect::<Result<_, _>>()?;
    Ok(fit_scaler(network, &rows, vars)?)
}
