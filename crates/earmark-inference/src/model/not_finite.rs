//! Values that are NaN or infinite: weights of a training that diverged or of a damaged file, and what a network makes of them. A
//! rectifier may turn them into zeros, which would look like silence, so weights are checked when a model is opened and outputs when
//! they are made.

use crate::PipelineError;
use earmark_engine::Tensors;
use std::path::Path;

/// Refuses a model with a weight that is NaN or infinite.
pub(super) fn check_weights(path: &Path, tensors: &Tensors) -> Result<(), PipelineError> {
    let bad = |values: &[f32]| values.iter().find(|value| !value.is_finite()).copied();
    let found = tensors
        .iter()
        .find_map(|(name, tensor)| Some((name, bad(&tensor.values)?)));
    found.map_or(Ok(()), |(name, value)| {
        Err(PipelineError::Request(format!(
            "{}: `{name}` contains {value}, which is not a number to compute with; its training diverged, or the file is damaged: take an \
             earlier checkpoint (RUN@STEP), or restore it from a copy",
            path.display()
        )))
    })
}

/// Why a network's outputs for a recording can't be used: the first one that is NaN or infinite, named by its class. `numbers` are rows with
/// one number per class; with other numbers, such as embeddings, `classes` is empty.
pub(crate) fn not_finite(numbers: &[f32], classes: &[String]) -> Option<String> {
    let at = numbers.iter().position(|number| !number.is_finite())?;
    let class = at
        .checked_rem(classes.len())
        .and_then(|column| classes.get(column));
    let what = class.map_or("output".to_owned(), |class| format!("score for `{class}`"));
    Some(format!(
        "the model's {what} is {}, which is not a usable result; its training diverged, or the sound is far from any that it can take: listen \
         to the recording, and try an earlier checkpoint (RUN@STEP)",
        numbers[at]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_engine::HostTensor;

    #[test]
    fn the_tensor_and_the_class_are_named() {
        let tensor = |values: &[f32]| HostTensor {
            shape: vec![values.len()],
            values: values.to_vec(),
        };
        let good = [("a".to_owned(), tensor(&[0.5, -1e30]))];
        check_weights(Path::new("m.safetensors"), &Tensors::from(good.clone())).unwrap();
        let bad = ("conv.bias".to_owned(), tensor(&[0.0, f32::NEG_INFINITY]));
        let tensors = good.into_iter().chain([bad]).collect();
        let message = check_weights(Path::new("m.safetensors"), &tensors)
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("m.safetensors: `conv.bias` contains -inf, which is not a number"),
            "{message}"
        );

        let classes = ["low".to_owned(), "high".to_owned()];
        assert_eq!(not_finite(&[0.1, 0.2, 0.3, 0.0], &classes), None);
        let reason = not_finite(&[0.1, 0.2, 0.3, f32::NAN], &classes).unwrap();
        assert!(
            reason.starts_with("the model's score for `high` is NaN"),
            "{reason}"
        );
        let reason = not_finite(&[f32::INFINITY], &[]).unwrap();
        assert!(reason.starts_with("the model's output is inf"), "{reason}");
    }
}
