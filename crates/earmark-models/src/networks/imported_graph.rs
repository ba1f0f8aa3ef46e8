//! An imported graph as a network: a runtime computes its scores and its embedding; a dense layer on the embedding may
//! take the place of the scores, which is what a linear probe fits.

use crate::architecture::{Architecture, ArchitectureConfig, NetworkInput};
use crate::blocks::Dense;
use crate::forward_pass::Forward;
use crate::imported_graphs::{GraphOutput, GraphRunner, GraphShape};
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit, to_host};
use burn::tensor::{Tensor, TensorData};
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

/// Most scores, and most features of an embedding.
const MOST_OUTPUTS: usize = 1 << 16;

/// How far outside of 0 to 1 rounding may put a probability.
const ROUNDING: f32 = 1e-3;

/// What an imported graph gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImportedGraphConfig {
    /// Number of scores.
    pub scores: usize,
    /// Features of the embedding; as many as there are scores where these stand for one.
    pub embedding: usize,
    /// Whether the scores are probabilities already rather than logits. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub probabilities: bool,
    /// Whether a dense layer on the embedding takes the place of the scores, as a linear probe fits it. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub linear_head: bool,
}

impl Check for ImportedGraphConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy =
            format!("must be 1 to {MOST_OUTPUTS}, as the graph gives; `earmark models import` writes it");
        ConfigError::check_range("scores", self.scores, 1..=MOST_OUTPUTS, &remedy)?;
        ConfigError::check_range("embedding", self.embedding, 1..=MOST_OUTPUTS, &remedy)
    }
}

impl ImportedGraphConfig {
    /// What a graph with inputs of these channels, bands and frames must take and give.
    pub fn shape(&self, input: [usize; 3]) -> GraphShape {
        GraphShape {
            input,
            scores: self.scores,
            embedding: self.embedding,
        }
    }

    /// The network of a graph. Without one it has its shapes and no numbers.
    pub(crate) fn with_graph(
        &self,
        b: &mut VarBuilder,
        classes: usize,
        graph: Option<Arc<dyn GraphRunner>>,
    ) -> Arc<dyn Architecture> {
        let init = WeightInit::GlorotUniform;
        let head = self.linear_head;
        let head = head.then(|| Dense::declare(b, "logits", self.embedding, classes, init));
        Arc::new(ImportedGraph {
            config: *self,
            graph,
            head,
            failure: Arc::default(),
        })
    }
}

impl ArchitectureConfig for ImportedGraphConfig {
    /// Declares `logits.weight` and `logits.bias`, where there is a linear head.
    fn declare(&self, b: &mut VarBuilder, _channels: usize, classes: usize) -> Arc<dyn Architecture> {
        self.with_graph(b, classes, None)
    }

    fn input(&self) -> NetworkInput {
        NetworkInput::OfGraph
    }
}

/// The graph, and the layer on its embedding.
#[derive(Clone, Debug)]
struct ImportedGraph {
    config: ImportedGraphConfig,
    graph: Option<Arc<dyn GraphRunner>>,
    head: Option<Dense>,
    /// Why the outputs of a thread's last pass are not finite, where it is not the graph that gives them.
    failure: Arc<Mutex<HashMap<ThreadId, String>>>,
}

impl ImportedGraph {
    /// Scores and embeddings of a batch, `[B, channels, bands, frames]`. Where there is no graph or it fails, they are
    /// NaN, which nothing takes for a result, and why is kept.
    fn compute(&self, x: &Tensor<4>) -> GraphOutput {
        self.keep(None);
        let count = x.dims()[0];
        let (scores, embedding) = (count * self.config.scores, count * self.config.embedding);
        let output = self.run(x, count).and_then(|output| {
            match (output.scores.len(), output.embedding.len()) == (scores, embedding) {
                true => Ok(output),
                false => Err(format!(
                    "gives {} scores and {} features for {count} inputs, not {scores} and {embedding}",
                    output.scores.len(),
                    output.embedding.len()
                )),
            }
        });
        match output {
            Ok(output) => output,
            Err(reason) => {
                self.keep(Some(reason));
                GraphOutput {
                    scores: vec![f32::NAN; scores],
                    embedding: vec![f32::NAN; embedding],
                }
            }
        }
    }

    /// What the runtime gives, or says.
    fn run(&self, x: &Tensor<4>, count: usize) -> Result<GraphOutput, String> {
        match &self.graph {
            Some(graph) => graph.run(&to_host(x.clone()), count),
            None => Err("was opened without what computes it".into()),
        }
    }

    fn keep(&self, failure: Option<String>) {
        let mut failures = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = std::thread::current().id();
        match failure {
            Some(failure) => failures.insert(thread, failure),
            None => failures.remove(&thread),
        };
    }
}

/// Rows of some numbers, on the device of the input.
fn rows(values: Vec<f32>, width: usize, x: &Tensor<4>) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, [x.dims()[0], width]), &x.device())
}

/// The logit of a probability; NaN for other numbers.
fn logit(p: f32) -> f32 {
    if !(-ROUNDING..=1.0 + ROUNDING).contains(&p) {
        return f32::NAN;
    }
    let p = f64::from(p).clamp(1e-12, 1.0 - 1e-12);
    (p / (1.0 - p)).ln() as f32
}

impl Architecture for ImportedGraph {
    /// `[B, E]`, as the graph gives it.
    fn embed(&self, x: Tensor<4>, _ctx: &mut Forward) -> Tensor<2> {
        rows(self.compute(&x).embedding, self.config.embedding, &x)
    }

    /// By the linear head; NaN without one, as a graph's scores don't follow from its embedding.
    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        match &self.head {
            Some(head) => head.forward(embedding, ctx),
            None => {
                let shape = [embedding.dims()[0], self.config.scores];
                let none = vec![f32::NAN; shape[0] * shape[1]];
                Tensor::from_data(TensorData::new(none, shape), &embedding.device())
            }
        }
    }

    fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        if self.head.is_some() {
            let embedding = self.embed(x, ctx);
            return self.classify(embedding, ctx);
        }
        let mut logits = self.compute(&x).scores;
        if self.config.probabilities {
            let odd = logits.iter().find(|p| p.is_finite() && logit(**p).is_nan());
            if let Some(p) = odd {
                self.keep(Some(format!(
                    "gives {p} where its import says that there is a probability; import it again with --activation \
                     sigmoid or softmax"
                )));
            }
            logits.iter_mut().for_each(|p| *p = logit(*p));
        }
        rows(logits, self.config.scores, &x)
    }

    fn embedding_len(&self) -> usize {
        self.config.embedding
    }

    fn failure(&self) -> Option<String> {
        let failures = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(&std::thread::current().id()).cloned()
    }

    /// The graph's layers are its own: only what it takes and gives is known.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        table.vector("ONNX graph: embedding", self.config.embedding, 0, 0);
        match &self.head {
            Some(head) => table.dense("", head),
            None => table.vector("ONNX graph: scores", self.config.scores, 0, 0),
        }
        LayerTable {
            title: "imported ONNX graph, whose own layers are not listed".into(),
            ..table.finish(String::new())
        }
    }

    fn add_to_onnx(&self, _: &mut Builder, _: &Vars, _: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let remedy = "use the ONNX file that was imported";
        Err(ConfigError::new("network.kind", "onnx", remedy).because("it is an imported graph already"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, NetworkConfig};
    use burn::tensor::Device;
    use std::sync::Barrier;

    /// Gives the sum and the first number of each input, and the sum again.
    #[derive(Debug)]
    struct Sums;

    impl GraphRunner for Sums {
        fn run(&self, x: &[f32], count: usize) -> Result<GraphOutput, String> {
            let inputs = x.chunks_exact(x.len() / count);
            let scores: Vec<f32> = inputs.clone().flat_map(|x| [x.iter().sum(), x[0]]).collect();
            match scores[0] > 100.0 {
                true => Err("too loud".into()),
                false => Ok(GraphOutput {
                    embedding: inputs.map(|x| x.iter().sum()).collect(),
                    scores,
                }),
            }
        }
    }

    fn config(probabilities: bool, linear_head: bool) -> ImportedGraphConfig {
        ImportedGraphConfig {
            scores: 2,
            embedding: 1,
            probabilities,
            linear_head,
        }
    }

    fn logits(config: ImportedGraphConfig, graph: Option<Arc<dyn GraphRunner>>, x: [f32; 6]) -> Vec<f32> {
        logits_and_failure(config, graph, x).0
    }

    fn logits_and_failure(
        config: ImportedGraphConfig,
        graph: Option<Arc<dyn GraphRunner>>,
        x: [f32; 6],
    ) -> (Vec<f32>, Option<String>) {
        let (network, specs) = Network::build_with_graph(&NetworkConfig::Onnx(config), 1, 2, graph).unwrap();
        let mut vars = Vars::init(specs, 1, &Device::flex());
        if config.linear_head {
            vars.set_vec(crate::VarId(0), vec![1.0, -1.0]);
            vars.set_vec(crate::VarId(1), vec![0.0, 10.0]);
        }
        let x = Tensor::<4>::from_data(TensorData::new(x.to_vec(), [2, 1, 1, 3]), &Device::flex());
        let logits = to_host(network.forward(x, &mut Forward::eval(&vars)));
        (logits, network.failure())
    }

    #[test]
    fn scores_are_the_graphs_or_those_of_the_linear_head() {
        let sums = || Some(Arc::new(Sums) as Arc<dyn GraphRunner>);
        let x = [0.25, 0.5, 0.0, 0.5, 0.25, 0.125];
        assert_eq!(logits(config(false, false), sums(), x), [0.75, 0.25, 0.875, 0.5]);
        let wanted = [3.0_f32.ln(), -(3.0_f32.ln()), 7.0_f32.ln(), 0.0];
        for (got, want) in logits(config(true, false), sums(), x).iter().zip(wanted) {
            assert!((got - want).abs() < 1e-6, "{got} instead of {want}");
        }
        assert_eq!(logits(config(false, true), sums(), x), [0.75, 9.25, 0.875, 9.125]);
    }

    /// A failure is never a score.
    #[test]
    fn what_can_not_be_computed_is_not_a_number() {
        let all_nan = |values: Vec<f32>| values.len() == 4 && values.iter().all(|x| x.is_nan());
        let sums = || Some(Arc::new(Sums) as Arc<dyn GraphRunner>);
        assert!(all_nan(logits(config(false, false), None, [0.0; 6])));
        assert!(all_nan(logits(config(false, false), sums(), [99.0; 6])));
        assert!(all_nan(logits(config(true, false), sums(), [-1.0; 6])));
        assert!(logit(0.0).is_finite() && logit(1.0).is_finite() && logit(1.0001) == logit(1.0));
    }

    #[test]
    fn why_it_can_not_be_computed_is_kept() {
        let failure = |probabilities, graph: Option<Arc<dyn GraphRunner>>, x| {
            logits_and_failure(config(probabilities, false), graph, [x; 6]).1
        };
        let sums = || Some(Arc::new(Sums) as Arc<dyn GraphRunner>);
        assert_eq!(failure(false, sums(), 0.5), None);
        assert_eq!(failure(false, sums(), 99.0).unwrap(), "too loud");
        assert_eq!(
            failure(false, None, 0.5).unwrap(),
            "was opened without what computes it"
        );
        let odd = failure(true, sums(), -1.0).unwrap();
        assert!(odd.starts_with("gives -3 where its import says"), "{odd}");
        // What the graph itself gives is not a failure of its runtime.
        assert_eq!(failure(true, sums(), f32::NAN), None);
    }

    /// Threads that score at a time each read why their own outputs are not numbers.
    #[test]
    fn each_thread_reads_its_own_reason() {
        let graph = Some(Arc::new(Sums) as Arc<dyn GraphRunner>);
        let onnx = NetworkConfig::Onnx(config(true, false));
        let (network, specs) = Network::build_with_graph(&onnx, 1, 2, graph).unwrap();
        let vars = Vars::init(specs, 1, &Device::flex());
        // The graph fails, gives NaN itself, and gives what is not a probability.
        let inputs = [99.0_f32, f32::NAN, -1.0];
        let turns = Barrier::new(inputs.len());
        // One after the other, and all of them before any reason is read.
        let reason_of = |own: usize| {
            for turn in 0..inputs.len() {
                if turn == own {
                    let data = TensorData::new(vec![inputs[own]; 6], [2, 1, 1, 3]);
                    let x = Tensor::<4>::from_data(data, &Device::flex());
                    drop(network.forward(x, &mut Forward::eval(&vars)));
                }
                turns.wait();
            }
            network.failure()
        };
        let reason_of = &reason_of;
        let reasons: Vec<Option<String>> = std::thread::scope(|s| {
            let start = |own| s.spawn(move || reason_of(own));
            let threads: Vec<_> = (0..inputs.len()).map(start).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(reasons[0].as_deref(), Some("too loud"));
        assert_eq!(reasons[1], None);
        let odd = reasons[2].as_deref().unwrap();
        assert!(odd.starts_with("gives -3 where its import says"), "{odd}");
    }

    #[test]
    fn sizes_are_limited() {
        let none = ImportedGraphConfig {
            scores: 0,
            ..config(false, false)
        };
        let message = none.check().unwrap_err().to_string();
        assert!(message.starts_with("scores = 0: must be 1 to 65536"), "{message}");
    }
}
