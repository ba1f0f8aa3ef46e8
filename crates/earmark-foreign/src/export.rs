//! An imported model as ONNX for other programs: its graph, with the layer of a probe, activation and calibration
//! around it, for one window at a time.

use crate::float32::{InFloat64, as_float32, precision};
use crate::graph::{operators_version, read_graph};
use crate::names::{keep_what_is_needed, subgraphs_mut};
use crate::ports::input_of;
use crate::run::LoadedGraph;
use earmark_engine::ModelFile;
use earmark_inference::export::{EMBEDDING, LOGITS, SCORES, WAVEFORM, calibrate};
use earmark_models::networks::imported_graph::ImportedGraphConfig;
use earmark_models::{GraphShape, NetworkConfig};
use earmark_onnx::{Builder, Dim, OnnxModel, Value, signed};
use earmark_recipe::Recipe;
use rten_onnx::onnx::{GraphProto, ModelProto, StringStringEntryProto};

/// What the names of the imported graph begin with, so that they can't be those of what is around it.
const PREFIX: &str = "graph/";

/// What the names of values in float64 begin with.
const FLOAT64_PREFIX: &str = "float64/";

/// Oldest version of the operators of what is around the graph.
const OLDEST_OPERATORS: i64 = 13;

/// How far probabilities are kept from 0 and 1 where logits are made of them.
const EDGE: f32 = 1e-7;

/// The ONNX file of an imported model: `waveform`, `[1, samples]` of a window, to `scores`, `logits` and `embedding`.
/// With `raw`, the calibration is left out. Weights are of the precision with which they are computed, float32 except
/// what is in float64 here, whatever the imported graph has.
///
/// # Errors
///
/// For a model that is not an imported graph, one that a front end of this program is before, and graphs of old
/// operators or with several rows for a window, in words.
pub fn export_graph(file: &ModelFile, recipe: &Recipe, raw: bool) -> Result<Vec<u8>, String> {
    let NetworkConfig::Onnx(config) = recipe.network else {
        return Err("its network is not an imported graph".into());
    };
    if !recipe.front_end.waveform {
        return Err(
            "can't be exported, as its graph takes spectrograms; use the ONNX file that was imported".into(),
        );
    }
    let bytes = file
        .graph
        .as_deref()
        .ok_or("lacks the graph that its network is")?;
    let shape = recipe.front_end.input_shape().map_err(|e| e.to_string())?;
    let window = shape.frames.ok_or("does not say how long its windows are")?;
    check_rows(bytes, config.shape([1, 1, window]))?;
    let mut model = read_graph(bytes)?;
    if operators_version(&model).unwrap_or(0) < OLDEST_OPERATORS {
        return Err(format!(
            "can't be exported, as its graph is of operators before version {OLDEST_OPERATORS}; convert it with \
             onnx.version_converter, and import it again"
        ));
    }
    let graph = model.graph.as_mut().ok_or("has no graph")?;
    let input = input_of(graph, [1, 1, window])?;
    let in_float64 = InFloat64::of(graph);
    as_float32(graph);
    rename(graph);
    in_float64.cast(graph, FLOAT64_PREFIX);
    let outputs: Vec<String> = graph
        .output
        .iter()
        .filter_map(|output| output.name.clone())
        .collect();
    let calibrated = file.meta.calibration.as_ref().filter(|_| !raw);
    let mut g = Builder::default();
    let waveform = g.input(WAVEFORM, &[Dim::Fixed(1), Dim::Fixed(window)]);
    let dims: Vec<i64> = input.shape.iter().map(|n| signed(*n)).collect();
    let entered = g.reshape(&waveform, &dims);
    let entrance = format!("{PREFIX}{}", input.name);
    g.output(&entrance, &entered, &[]);
    let [mut scores, logits, embedding] = head(&mut g, file, (recipe, &config), &outputs)?;
    if let Some(calibration) = calibrated {
        scores = calibrate(&mut g, &scores, calibration);
    }
    let classes = file.meta.classes.len();
    for (name, value, width) in [
        (SCORES, &scores, classes),
        (LOGITS, &logits, classes),
        (EMBEDDING, &embedding, config.embedding),
    ] {
        g.output(name, value, &[Dim::Fixed(1), Dim::Fixed(width)]);
    }
    surround(graph, g, &entrance)?;
    keep_what_is_needed(&mut model, &[SCORES, LOGITS, EMBEDDING].map(String::from));
    model.producer_name = Some("earmark".into());
    model.producer_version = Some(earmark_core::VERSION.into());
    model.metadata_props = facts(file, recipe, window);
    model.write_buf().map_err(|e| format!("can't be exported: {e}"))
}

/// The precision of the weights of a graph, imported or exported again, in words: `float16`, or `float32 and int8`.
///
/// # Errors
///
/// For a damaged graph, in words.
pub fn graph_precision(graph: &[u8]) -> Result<String, String> {
    let model = read_graph(graph)?;
    Ok(precision(model.graph.as_ref().ok_or("has no graph")?))
}

/// Refuses a graph whose outputs have several rows, of which this program takes the mean.
fn check_rows(bytes: &[u8], shape: GraphShape) -> Result<(), String> {
    let one = LoadedGraph::load(bytes, shape)?.one(&vec![0.0; shape.input.iter().product()])?;
    match one.rows.iter().all(|rows| *rows == 1) {
        true => Ok(()),
        false => Err(
            "can't be exported, as its graph gives several rows for a window; use the ONNX file that was imported"
                .into(),
        ),
    }
}

/// Scores, logits and embedding, `[1, numbers]`, behind the graph's outputs of these names.
fn head(
    g: &mut Builder,
    file: &ModelFile,
    (recipe, config): (&Recipe, &ImportedGraphConfig),
    outputs: &[String],
) -> Result<[Value; 3], String> {
    let row = |g: &mut Builder, name: &String, width: usize| {
        let value = g.input(name, &[]);
        g.reshape(&value, &[1, signed(width)])
    };
    let first = outputs.first().ok_or("has no outputs")?;
    let given = row(g, first, config.scores);
    let embedding = match outputs.get(1) {
        Some(name) => row(g, name, config.embedding),
        None => given.clone(),
    };
    if config.linear_head {
        let tensor = |name: &str| {
            let missing = || format!("lacks `{name}`; the file was changed: restore it from a copy");
            file.tensors.get(name).ok_or_else(missing)
        };
        let (weight, bias) = (tensor("logits.weight")?, tensor("logits.bias")?);
        let w = g.weight("head.weight", &weight.shape, weight.values.clone());
        let b = g.weight("head.bias", &bias.shape, bias.values.clone());
        let logits = g.op("Gemm", &[&embedding, &w, &b], &[("transB", 1.into())]);
        return Ok([activate(g, &logits, recipe), logits, embedding]);
    }
    if !config.probabilities {
        return Ok([activate(g, &given, recipe), given, embedding]);
    }
    let (low, high, one) = (g.float(EDGE), g.float(1.0 - EDGE), g.float(1.0));
    let p = g.op("Clip", &[&given, &low, &high], &[]);
    let rest = g.op("Sub", &[&one, &p], &[]);
    let odds = g.op("Div", &[&p, &rest], &[]);
    let logits = g.op("Log", &[&odds], &[]);
    Ok([given, logits, embedding])
}

/// Scores of logits.
fn activate(g: &mut Builder, logits: &Value, recipe: &Recipe) -> Value {
    match recipe.train.loss.is_single_label() {
        true => g.op("Softmax", &[logits], &[("axis", 1.into())]),
        false => g.op("Sigmoid", &[logits], &[]),
    }
}

/// Puts what a builder made around a graph: its nodes up to the one that makes `entrance` before, the others behind.
fn surround(graph: &mut GraphProto, g: Builder, entrance: &str) -> Result<(), String> {
    let around = OnnxModel::of(g.finish()).bytes();
    let around = ModelProto::parse_buf(&around).map_err(|e| e.to_string())?;
    let around = around.graph.ok_or("has no graph")?;
    let makes = |output: &String| output == entrance;
    let last = around.node.iter().position(|node| node.output.iter().any(makes));
    let mut before = around.node;
    let behind = before.split_off(last.map_or(0, |last| last + 1));
    before.append(&mut graph.node);
    before.extend(behind);
    graph.node = before;
    graph.initializer.extend(around.initializer);
    graph.input = around.input.into_iter().take(1).collect();
    let is_own = |name: Option<&str>| name.is_some_and(|name| !name.starts_with(PREFIX));
    graph.output = around.output;
    graph.output.retain(|output| is_own(output.name.as_deref()));
    Ok(())
}

/// Puts the prefix before every name of a graph and of those within it.
fn rename(graph: &mut GraphProto) {
    let prefixed = |name: &mut String| {
        if !name.is_empty() {
            name.insert_str(0, PREFIX);
        }
    };
    let tensors = graph
        .initializer
        .iter_mut()
        .filter_map(|tensor| tensor.name.as_mut());
    tensors.for_each(prefixed);
    let ports = graph.input.iter_mut().chain(&mut graph.output);
    ports.filter_map(|port| port.name.as_mut()).for_each(prefixed);
    for node in &mut graph.node {
        node.input.iter_mut().chain(&mut node.output).for_each(prefixed);
        node.name.iter_mut().for_each(prefixed);
        subgraphs_mut(node).for_each(rename);
    }
}

/// For programs: what is needed to use the scores.
fn facts(file: &ModelFile, recipe: &Recipe, window: usize) -> Vec<StringStringEntryProto> {
    let meta = &file.meta;
    let list = |values: serde_json::Result<String>| values.unwrap_or_default();
    let kind = match recipe.train.loss.is_single_label() {
        true => "softmax",
        false => "sigmoid",
    };
    let mut all = vec![
        ("classes", list(serde_json::to_string(&meta.classes))),
        ("sample_rate_hz", recipe.front_end.sample_rate_hz.to_string()),
        ("window_samples", window.to_string()),
        ("scores", kind.to_owned()),
        ("name", recipe.name.clone()),
    ];
    all.extend(meta.licence.clone().map(|licence| ("licence", licence)));
    all.extend(meta.source.clone().map(|source| ("source", source)));
    if let Some(calibration) = &meta.calibration {
        all.push(("thresholds", list(serde_json::to_string(&calibration.thresholds))));
    }
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: Some(key.to_owned()),
        value: Some(value),
    };
    all.into_iter().map(entry).collect()
}
