//! The scaler of a network: standardisation and principal components before its first weight, fitted on the training clips or
//! transferred from another model.

use super::warm_start::model_tensor;
use crate::checkpoint::ModelFile;
use earmark_features::{Pca, Scaler, ScalerError};
use earmark_models::{Network, Vars};
use std::path::{Path, PathBuf};

/// Why a scaler can't be fitted or transferred.
#[derive(Debug, thiserror::Error)]
pub enum InputScalerError {
    /// It can't be fitted on these rows.
    #[error("{what} can't be fitted on the training clips: {cause}")]
    Fit {
        /// The recipe's key, or another name of what was to be fitted.
        what: &'static str,
        /// Why.
        cause: ScalerError,
    },
    /// A model with another scaler.
    #[error("{path}: `{name}` {problem}; start from a model with the same [network] table")]
    Unfit {
        /// The model.
        path: PathBuf,
        /// The variable.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Fits the scaler of a network that standardises its input or its clip-level features ([`earmark_models::Architecture::input_scaler`]) on `rows`, one per
/// training clip; does nothing to other networks.
///
/// # Errors
///
/// When there are too few rows for the components, or values that are not finite.
pub fn fit_scaler(network: &Network, rows: &[Vec<f32>], vars: &mut Vars) -> Result<(), InputScalerError> {
    let Some(config) = network.input_scaler() else {
        return Ok(());
    };
    let compressed = |row: &Vec<f32>| row.iter().map(|x| config.compressed(*x)).collect();
    let rows: Vec<Vec<f32>> = rows.iter().map(compressed).collect();
    let refuse = |what| move |cause| InputScalerError::Fit { what, cause };
    let standardiser = Scaler::fit(&rows).map_err(refuse("the standardisation"))?;
    let mut tensors = standardiser.tensors();
    if config.components > 0 {
        let limit = if config.limit > 0.0 {
            config.limit as f32
        } else {
            f32::INFINITY
        };
        let standard = |row: &Vec<f32>| {
            let row = standardiser.apply(row).into_iter();
            row.map(|x| x.clamp(-limit, limit)).collect()
        };
        let rows: Vec<Vec<f32>> = rows.iter().map(standard).collect();
        // Clip-level features are read along with the spectrogram: a small set has the components that it has.
        let most = rows.len().min(rows.first().map_or(0, Vec::len));
        let components = match config.scales_clip_features {
            true => config.components.min(most),
            false => config.components,
        };
        let pca = Pca::fit(&rows, components).map_err(refuse(config.key))?;
        tensors.extend(pca.tensors());
    }
    for tensor in tensors {
        // A tensor without a variable is ignored.
        if let Some(id) = vars.find(&format!("{}{}", config.prefix, tensor.name)) {
            let mut values = tensor.values;
            values.resize(vars.specs()[id.0].shape.iter().product(), 0.0);
            vars.set_vec(id, values);
        }
    }
    Ok(())
}

/// Copies the fitted scaler of `model`, whose weights were trained behind it; returns whether there was one to copy. A model without
/// clip-level features has no scaler for them: it has to be fitted then.
///
/// # Errors
///
/// When the model has no scaler for its input, or one of another shape.
pub fn transfer_scaler(
    path: &Path,
    model: &ModelFile,
    network: &Network,
    vars: &mut Vars,
) -> Result<bool, InputScalerError> {
    let Some(config) = network.input_scaler() else {
        return Ok(false);
    };
    let names = config.names();
    if config.scales_clip_features && names.iter().all(|name| !model.tensors.contains_key(name)) {
        return Ok(false);
    }
    for name in names {
        let Some(id) = vars.find(&name) else { continue };
        let spec = &vars.specs()[id.0];
        let found = model_tensor(model, spec, &spec.shape);
        let tensor = found.map_err(|(name, problem)| InputScalerError::Unfit {
            path: path.into(),
            name,
            problem,
        })?;
        vars.set_vec(id, tensor.values.clone());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};
    use earmark_models::networks::mobilenet_v2::MobileNetV2Config;
    use earmark_models::networks::perceptron::PerceptronConfig;
    use earmark_models::{Forward, NetworkConfig, to_host};

    const ROWS: usize = 24;
    const COLUMNS: usize = 6;

    fn rows() -> Vec<Vec<f32>> {
        let value = |i: usize, j: usize| {
            ((i * i * 7 + i * j * 13 + j * 5) % 101) as f32 * 10.0_f32.powf(j as f32 - 3.0)
        };
        (0..ROWS)
            .map(|i| (0..COLUMNS).map(|j| value(i, j)).collect())
            .collect()
    }

    fn network(components: usize) -> (Network, Vars) {
        let config = NetworkConfig::Perceptron(PerceptronConfig {
            compress: 3.0,
            limit: 1.5,
            components,
            ..PerceptronConfig::default()
        });
        let (network, specs) = Network::build(&config, COLUMNS, 3).unwrap();
        (network, Vars::init(specs, 7, &Device::flex()))
    }

    #[test]
    fn a_forward_pass_scales_as_the_features_crate_does() {
        let (network, mut vars) = network(4);
        fit_scaler(&network, &rows(), &mut vars).unwrap();
        let x = Tensor::<4>::from_data(
            TensorData::new(rows().concat(), [ROWS, COLUMNS, 1, 1]),
            &Device::flex(),
        );
        let got = to_host(network.embed(x, &mut Forward::eval(&vars)));
        let compressed: Vec<Vec<f32>> = rows()
            .iter()
            .map(|row| row.iter().map(|x| (3.0 * x).asinh()).collect())
            .collect();
        let standardiser = Scaler::fit(&compressed).unwrap();
        let standard: Vec<Vec<f32>> = compressed
            .iter()
            .map(|row| {
                standardiser
                    .apply(row)
                    .iter()
                    .map(|x| x.clamp(-1.5, 1.5))
                    .collect()
            })
            .collect();
        assert!(standard.iter().flatten().any(|x| x.abs() == 1.5));
        let pca = Pca::fit(&standard, 4).unwrap();
        let want: Vec<f32> = standard.iter().flat_map(|row| pca.apply(row)).collect();
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() < 1e-4, "{got} is not {want}");
        }
        assert_eq!(got.len(), want.len());
    }

    #[test]
    fn too_few_clips_are_refused() {
        let (network, mut vars) = network(6);
        let message = fit_scaler(&network, &rows()[..4], &mut vars)
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("network.components can't be fitted on the training clips: 4 rows of 6 numbers have at most 4 components, not 6"),
            "{message}"
        );
    }

    /// Clip-level features next to a spectrogram have as many components as the clips allow; the rest are zero.
    #[test]
    fn few_clips_leave_components_of_clip_features_at_zero() {
        let config = NetworkConfig::MobileNetV2(MobileNetV2Config {
            width: 0.25,
            clip_features: COLUMNS,
            clip_feature_inputs: COLUMNS,
            ..MobileNetV2Config::default()
        });
        let (network, specs) = Network::build(&config, 1, 3).unwrap();
        let mut vars = Vars::init(specs, 7, &Device::flex());
        fit_scaler(&network, &rows()[..4], &mut vars).unwrap();
        let of = |name: &str| vars.to_vec(vars.find(name).unwrap());
        let components = of("side.pca.components");
        assert_eq!(components.len(), COLUMNS * COLUMNS);
        let (found, rest) = components.split_at(4 * COLUMNS);
        assert!(found.iter().all(|x| x.is_finite()) && found.iter().any(|x| *x != 0.0));
        assert!(rest.iter().all(|x| *x == 0.0));
    }
}
