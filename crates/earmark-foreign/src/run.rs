//! Graphs computed by rten, a runtime in Rust, except the nodes that are computed here.

use crate::array::Array;
use crate::division::divide_exactly;
use crate::float64::{Argument, Float64Node};
use crate::graph::{MOST_NUMBERS, read_graph};
use crate::ports::{input_of, set_outputs};
use crate::turns::{Turn, turns};
use earmark_core::caught_panics::catch_panic;
use earmark_models::{GraphOutput, GraphRunner, GraphShape};
use rayon::prelude::*;
use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueView};
use rten_tensor::{Layout, Tensor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, OnceLock};

/// A loaded graph.
struct RtenGraph {
    model: Model,
    input: NodeId,
    /// The scores, and the embedding if there is one.
    outputs: Vec<NodeId>,
    turns: Vec<Turn>,
    /// The values that turns give and take.
    ids: HashMap<String, NodeId>,
    /// The shape of one input.
    dims: Vec<usize>,
    shape: GraphShape,
    pool: Arc<ThreadPool>,
}

/// What a graph gives for one input.
pub(crate) struct OneOutput {
    /// The numbers of each output, the mean over its rows.
    pub values: Vec<Vec<f32>>,
    /// Rows of each output.
    pub rows: Vec<usize>,
}

/// A graph that was loaded and computes something; what it gives is not compared with anything yet.
pub(crate) struct LoadedGraph(RtenGraph);

/// Opens a graph that [`import_graph`](crate::import_graph) wrote, and computes one input, so that what it gives is what
/// it should.
pub(crate) fn open(bytes: &[u8], shape: &GraphShape) -> Result<Arc<dyn GraphRunner>, String> {
    let LoadedGraph(graph) = LoadedGraph::load(bytes, *shape)?;
    let silence = vec![0.0; graph.numbers()];
    let found: Vec<usize> = graph.one(&silence)?.values.iter().map(Vec::len).collect();
    // Without an embedding, the scores stand for it.
    let (scores, embedding) = (found[0], found.get(1).unwrap_or(&found[0]));
    if (scores, *embedding) != (shape.scores, shape.embedding) {
        return Err(format!(
            "its graph gives {scores} scores and {embedding} features, not the {} and {} that its recipe says; import \
             it again",
            shape.scores, shape.embedding
        ));
    }
    Ok(Arc::new(graph))
}

/// Threads of all graphs, as many as other networks have.
fn pool() -> Arc<ThreadPool> {
    static POOL: OnceLock<Arc<ThreadPool>> = OnceLock::new();
    let start = || Arc::new(ThreadPool::with_num_threads(rayon::current_num_threads()));
    Arc::clone(POOL.get_or_init(start))
}

impl LoadedGraph {
    /// Loads a graph for inputs of this shape. Nothing is computed but what follows from its constants.
    pub fn load(bytes: &[u8], shape: GraphShape) -> Result<Self, String> {
        let mut read = read_graph(bytes)?;
        let graph = read.graph.as_ref().ok_or("has no graph")?;
        let input = input_of(graph, shape.input)?;
        if shape.input.contains(&0) {
            return Err("its inputs are empty".into());
        }
        let names = graph.output.iter().filter_map(|output| output.name.clone());
        let names: Vec<String> = names.collect();
        if names.is_empty() || names.len() > 2 {
            return Err(format!(
                "its graph gives {} outputs, not scores and an embedding; import it again",
                names.len()
            ));
        }
        let values: Vec<String> = graph.node.iter().flat_map(|node| node.output.clone()).collect();
        let turns = turns(&read, &input.name)?;
        let mut given = names.clone();
        given.extend(
            turns
                .iter()
                .flat_map(Turn::gives)
                .filter(|name| !names.contains(name)),
        );
        // The runtime keeps outputs, and may merge what makes other values.
        let stored = match given.len() == names.len() {
            true => Ok(bytes.to_vec()),
            false => {
                read.graph.iter_mut().for_each(|graph| {
                    set_outputs(graph, &given);
                    divide_exactly(graph, &input.name);
                });
                read.write_buf()
            }
        };
        let stored = stored.map_err(|e| format!("can't be read: {e}"))?;
        drop(read);
        let model = catch_panic(|| ModelOptions::with_all_ops().load(stored))?;
        let model = model.map_err(|e| format!("can't be computed: {e}"))?;
        check_sizes(&model, &values)?;
        let missing = || format!("can't be computed: `{}` is lost in it", input.name);
        let input_id = model.find_node(&input.name).ok_or_else(missing)?;
        let outputs = model.output_ids()[..names.len()].to_vec();
        let ids = given.into_iter().zip(model.output_ids().iter().copied());
        let mut ids: HashMap<String, NodeId> = ids.collect();
        ids.insert(input.name, input_id);
        Ok(Self(RtenGraph {
            input: input_id,
            outputs,
            turns,
            ids,
            dims: input.shape,
            shape,
            pool: pool(),
            model,
        }))
    }

    /// What the graph gives for one input.
    pub fn one(&self, x: &[f32]) -> Result<OneOutput, String> {
        self.0.one(x)
    }
}

/// Refuses a graph one of whose values is known to be of absurd size.
fn check_sizes(model: &Model, values: &[String]) -> Result<(), String> {
    for name in values {
        let shape = model.find_node(name).and_then(|id| model.node_info(id)?.shape());
        let sizes = shape.iter().flatten().map(|dim| match dim {
            Dimension::Fixed(size) => *size,
            Dimension::Symbolic(_) => 1,
        });
        let numbers = sizes.fold(1, usize::saturating_mul);
        if numbers > MOST_NUMBERS {
            return Err(format!(
                "its value `{name}` has {numbers} numbers; at most {MOST_NUMBERS} are computed"
            ));
        }
    }
    Ok(())
}

impl RtenGraph {
    /// Numbers of one input.
    fn numbers(&self) -> usize {
        self.dims.iter().product()
    }

    fn one(&self, x: &[f32]) -> Result<OneOutput, String> {
        catch_panic(|| self.compute(x))?.map_err(|reason| format!("can't be computed: {reason}"))
    }

    fn compute(&self, x: &[f32]) -> Result<OneOutput, String> {
        let input = ValueView::from_shape(&self.dims, x).map_err(|e| e.to_string())?;
        let mut known = vec![];
        for turn in &self.turns {
            self.ask(&input, &mut known, turn)?;
            for node in &turn.nodes {
                let value = self.float64(&input, &known, node)?;
                known.push((self.ids[&node.output], value));
            }
        }
        let value = |id: &NodeId| self.known(&input, &known, *id).to_owned();
        let outputs = self.outputs.iter().map(value);
        let mut one = OneOutput {
            values: Vec::new(),
            rows: Vec::new(),
        };
        for output in outputs {
            let (rows, values) = mean_row(output)?;
            one.values.push(values);
            one.rows.push(rows);
        }
        Ok(one)
    }

    /// Adds the values that the runtime gives in a turn to those that are known.
    fn ask(&self, input: &ValueView, known: &mut Vec<(NodeId, Value)>, turn: &Turn) -> Result<(), String> {
        let mut asked: Vec<NodeId> = Vec::new();
        for name in &turn.values {
            let id = self.ids[name];
            // Several names of one constant.
            if !asked.contains(&id) && known.iter().all(|(known, _)| *known != id) {
                asked.push(id);
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let mut inputs = vec![(self.input, input.clone().into())];
        inputs.extend(known.iter().map(|(id, value)| (*id, value.as_view().into())));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let values = self.model.run(inputs, &asked, Some(options));
        known.extend(asked.iter().copied().zip(values.map_err(|e| e.to_string())?));
        Ok(())
    }

    /// A value that is known, which is the input or was computed.
    fn known<'a>(&self, input: &ValueView<'a>, known: &'a [(NodeId, Value)], id: NodeId) -> ValueView<'a> {
        let value = known.iter().find(|(known, _)| *known == id);
        value.map_or_else(|| input.clone(), |(_, value)| value.as_view())
    }

    /// What a node gives that is computed here.
    fn float64(
        &self,
        input: &ValueView,
        known: &[(NodeId, Value)],
        node: &Float64Node,
    ) -> Result<Value, String> {
        let array = |argument| match argument {
            &Argument::None => Ok(None),
            Argument::Constant(array) => Ok(Some(Cow::Borrowed(array))),
            Argument::Value(name) => {
                let value = self.known(input, known, self.ids[name]);
                Array::of_value(value).map(|array| Some(Cow::Owned(array)))
            }
        };
        let arguments = node.arguments.iter().map(array);
        let rounded = node.compute(&arguments.collect::<Result<Vec<_>, String>>()?)?;
        Value::from_shape(rounded.shape, rounded.values).map_err(|e| e.to_string())
    }
}

/// The number of rows of an output, `[.., numbers]`, and their mean: networks that take a whole recording give a row per
/// frame. Dimensions of 1 at the end are not counted, as those of a pooled plane.
fn mean_row(output: Value) -> Result<(usize, Vec<f32>), String> {
    let tensor: Tensor<f32> = output
        .into_tensor()
        .ok_or("an output is not of floating numbers")?;
    let shape = tensor.shape().to_vec();
    let kept = shape
        .iter()
        .rposition(|size| *size > 1)
        .map_or(0, |last| last + 1);
    let width = shape[..kept].last().copied().unwrap_or(1);
    let data = tensor.into_data();
    let rows = data.len() / width.max(1);
    if rows == 0 {
        return Err("an output is empty".into());
    }
    if rows == 1 {
        return Ok((1, data));
    }
    let mean = earmark_core::rows::mean(data.chunks_exact(width)).unwrap_or_default();
    Ok((rows, mean))
}

impl GraphRunner for RtenGraph {
    fn run(&self, x: &[f32], count: usize) -> Result<GraphOutput, String> {
        let numbers = self.numbers();
        if x.len() != count * numbers {
            return Err(format!(
                "gets {} numbers for {count} inputs of {numbers}",
                x.len()
            ));
        }
        // Each input by itself: its scores depend on nothing else, and cores have different ones.
        let all = self.pool.run(|| {
            x.par_chunks_exact(numbers)
                .map(|x| self.one(x))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let mut output = GraphOutput::default();
        for one in all {
            let mut values = one.values.into_iter();
            let scores = values.next().unwrap_or_default();
            let embedding = values.next();
            let embedding = embedding.as_ref().unwrap_or(&scores);
            // Those of several inputs are one list: too many of one would be those of the next.
            if (scores.len(), embedding.len()) != (self.shape.scores, self.shape.embedding) {
                return Err(format!(
                    "gives {} scores and {} features for this sound, and {} and {} for silence; it can't be used",
                    scores.len(),
                    embedding.len(),
                    self.shape.scores,
                    self.shape.embedding
                ));
            }
            output.embedding.extend(embedding);
            output.scores.extend(scores);
        }
        Ok(output)
    }
}

impl Debug for RtenGraph {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.debug_struct("RtenGraph")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
