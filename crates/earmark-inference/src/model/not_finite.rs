//! Values that are NaN or infinite: weights of a training that diverged or of a damaged file, and what a network makes of them. A
//! rectifier may turn them into zeros, which would look like silence, so weights are checked when a model is opened and outputs when
//! they are made.

use crate::PipelineError;
use earmark_engine::Tensors;
use earmark_models::Network;
use std::path::Path;

/// Refuses a model with a weight that is NaN or infinite.
pub(super) fn check_weights(path: &Path, tensors: &Tensors) -> Result<(), PipelineError> {
    let mut named = tensors.iter();
    let found = named.find_map(|(name, tensor)| Some((name, tensor.not_finite()?)));
    found.map_or(Ok(()), |(name, value)| {
        Err(PipelineError::Request(format!(
            "{}: `{name}` contains {value}, which is not a number to compute with; its training diverged, or the file is damaged: take an \
             earlier checkpoint (RUN@STEP), or restore it from a copy",
            path.display()
        )))
    })
}

/// Why a network's outputs for a recording can't be used: the first one that is NaN or infinite, named by its class. `numbers` are rows with
/// one number per class; with other numbers, such as embeddings, `classes` is empty. Of an imported graph that can't be computed, what its
/// runtime says.
pub(crate) fn not_finite(numbers: &[f32], classes: &[String], network: &Network) -> Option<String> {
    let at = numbers.iter().position(|number| !number.is_finite())?;
    if let Some(failure) = network.failure() {
        return Some(format!(
            "the model's ONNX graph: {failure}; leave this sound out, or try it in the program that made the graph"
        ));
    }
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
    use crate::Device;
    use burn::tensor::Tensor;
    use earmark_engine::HostTensor;
    use earmark_models::networks::imported_graph::ImportedGraphConfig;
    use earmark_models::{Forward, GraphOutput, GraphRunner, NetworkConfig, Vars, to_host};
    use std::sync::Arc;

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
        let (network, _) = graph(None);
        let not_finite = |numbers: &[f32], classes: &[String]| not_finite(numbers, classes, &network);
        assert_eq!(not_finite(&[0.1, 0.2, 0.3, 0.0], &classes), None);
        let reason = not_finite(&[0.1, 0.2, 0.3, f32::NAN], &classes).unwrap();
        assert!(
            reason.starts_with("the model's score for `high` is NaN"),
            "{reason}"
        );
        let reason = not_finite(&[f32::INFINITY], &[]).unwrap();
        assert!(reason.starts_with("the model's output is inf"), "{reason}");
    }

    #[derive(Debug)]
    struct Fails;

    impl GraphRunner for Fails {
        fn run(&self, _: &[f32], _: usize) -> Result<GraphOutput, String> {
            Err("can't be computed: Gather: index 7 is out of range".into())
        }
    }

    /// A graph of two scores.
    fn graph(runner: Option<Arc<dyn GraphRunner>>) -> (Network, Vars) {
        let config = NetworkConfig::Onnx(ImportedGraphConfig {
            scores: 2,
            embedding: 2,
            probabilities: false,
            linear_head: false,
        });
        let (network, specs) = Network::build_with_graph(&config, 1, 2, runner).unwrap();
        (network, Vars::init(specs, 1, Device::cpu().unwrap().burn()))
    }

    #[test]
    fn what_the_runtime_of_a_graph_says_is_shown() {
        let (network, vars) = graph(Some(Arc::new(Fails)));
        let x = Tensor::<4>::zeros([1, 1, 1, 3], Device::cpu().unwrap().burn());
        let scores = to_host(network.forward(x, &mut Forward::eval(&vars)));
        let reason = not_finite(&scores, &[], &network).unwrap();
        assert!(
            reason.starts_with(
                "the model's ONNX graph: can't be computed: Gather: index 7 is out of range; leave"
            ),
            "{reason}"
        );
        assert_eq!(not_finite(&[0.5], &[], &network), None);
    }
}
