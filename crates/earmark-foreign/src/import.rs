//! From an ONNX file to a model file: what it takes and gives is checked, tried and written down.

use crate::activation::GraphActivation;
use crate::error::GraphImportError;
use crate::graph::{MOST_BYTES, operators, parameters, parse_graph};
use crate::ports::{check_output, input_of, narrow};
use crate::run::LoadedGraph;
use crate::trial::{self, Trial};
use earmark_core::{Check, VERSION};
use earmark_engine::{FORMAT, Loss, ModelFile, ModelMeta, Tensors};
use earmark_features::{Extractor, FrontEnd};
use earmark_models::networks::imported_graph::ImportedGraphConfig;
use earmark_models::{GraphShape, NetworkConfig};
use earmark_recipe::Recipe;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What every recipe has; the rest is of the graph.
const RECIPE: &str = "name = \"imported\"\n\
    [front-end]\nsample-rate-hz = 16000\nwaveform = true\namplitude = \"linear\"\n\
    stft = { window-samples = 1, hop-samples = 1, fft-samples = 2 }\n\
    segments = { length-frames = 16000, hop-frames = 16000 }\n\
    [network]\nkind = \"onnx\"\nscores = 1\nembedding = 1\n\
    [train]\nsteps = 1\nlearning-rate = 0.001\n\
    [batches]\nsize = 32\n";

/// A graph to import.
#[derive(Clone, Debug)]
pub struct GraphImport {
    /// The ONNX file.
    pub file: PathBuf,
    /// Name of the model.
    pub name: String,
    /// Classes, in the order of the scores.
    pub classes: Vec<String>,
    /// What is computed of a window before the graph: [`FrontEnd::of_waveform`], or a front end of this program.
    pub front_end: FrontEnd,
    /// Name of the output with the scores.
    pub scores: String,
    /// Name of the value with the embedding, which need not be an output. Without it, the scores stand for it.
    pub embedding: Option<String>,
    /// What turns scores into probabilities. Default: what the graph's last operator says.
    pub activation: Option<GraphActivation>,
    /// Licence of the weights.
    pub licence: String,
    /// Where the graph comes from. Default: the name of its file.
    pub source: Option<String>,
    /// The model file to write.
    pub out: PathBuf,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphImportResult {
    /// Number of scores, which is that of the classes.
    pub scores: usize,
    /// Features of the embedding; `None` where the scores stand for it.
    pub embedding: Option<usize>,
    /// What turns scores into probabilities.
    pub activation: GraphActivation,
    /// Rows of scores that the graph gives for a window, whose mean is taken.
    pub rows: usize,
    /// The smallest and the largest score that the graph gave for silence, noise and a tone.
    pub range: [f32; 2],
    /// The shape of one input.
    pub input: Vec<usize>,
    /// The operators that the scores and the embedding need, with their numbers.
    pub operators: BTreeMap<String, usize>,
    /// Weights.
    pub parameters: usize,
}

/// Reads the graph, tries it on silence, noise and a tone, and writes the model file.
///
/// # Errors
/// See [`GraphImportError`]; no file is written then.
pub fn import_graph(job: &GraphImport) -> Result<GraphImportResult, GraphImportError> {
    let refused = |reason: String| GraphImportError::Graph {
        path: job.file.clone(),
        reason,
    };
    check_settings(job)?;
    let extractor = Extractor::new(&job.front_end)?;
    let frames = extractor.segment_frames().ok_or_else(|| {
        GraphImportError::Setting("the front end has no segments, so that a window has no length".into())
    })?;
    let mut model = parse_graph(&read(&job.file)?).map_err(refused)?;
    let Some(graph) = &model.graph else {
        return Err(refused("has no graph".into()));
    };
    let outputs: Vec<String> = [&job.scores].into_iter().chain(&job.embedding).cloned().collect();
    for (flag, name) in ["--scores", "--embedding"].into_iter().zip(&outputs) {
        check_output(graph, flag, name).map_err(refused)?;
    }
    let activation = match job.activation.or(GraphActivation::of_output(graph, &job.scores)) {
        Some(activation) => activation,
        None => {
            return Err(GraphImportError::Setting(format!(
                "--activation: the graph does not show whether `{}` are probabilities; give sigmoid, softmax or none",
                job.scores
            )));
        }
    };
    let shape = GraphShape {
        input: [extractor.channels(), extractor.bands(), frames],
        scores: job.classes.len(),
        embedding: 0,
    };
    let input = input_of(graph, shape.input).map_err(refused)?;
    narrow(&mut model, &input, &outputs);
    let bytes = model
        .write_buf()
        .map_err(|e| refused(format!("can't be stored: {e}")))?;
    let loaded = LoadedGraph::load(&bytes, shape).map_err(refused)?;
    let tried = Trial::run(&loaded, &trial::inputs(&extractor)?).map_err(refused)?;
    check_classes(job, &tried)?;
    tried.check(activation).map_err(GraphImportError::Setting)?;
    write(job, activation, &tried, &bytes)?;
    let graph = model.graph.as_ref();
    Ok(GraphImportResult {
        scores: tried.scores,
        embedding: tried.embedding,
        activation,
        rows: tried.rows,
        range: tried.range,
        input: input.shape,
        operators: graph.map(operators).unwrap_or_default(),
        parameters: graph.map_or(0, parameters),
    })
}

/// The bytes of the file, below the limit of its format.
fn read(path: &Path) -> Result<Vec<u8>, GraphImportError> {
    let failed = |cause| GraphImportError::Read {
        path: path.into(),
        cause,
    };
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length >= MOST_BYTES {
        return Err(GraphImportError::Graph {
            path: path.into(),
            reason: format!("has {length} bytes; an ONNX file has less than {MOST_BYTES}"),
        });
    }
    std::fs::read(path).map_err(failed)
}

fn check_settings(job: &GraphImport) -> Result<(), GraphImportError> {
    let refuse = |problem: String| Err(GraphImportError::Setting(problem));
    if job.licence.trim().is_empty() {
        return refuse(
            "--licence: say under which licence the network was published, such as CC-BY-NC-SA-4.0; `own` for one of \
             yours. It is kept in the model file and printed"
                .into(),
        );
    }
    if job.embedding.as_ref() == Some(&job.scores) {
        return refuse(format!(
            "--embedding {}: these are the scores, which stand for an embedding without this flag; leave it out",
            job.scores
        ));
    }
    Ok(())
}

fn check_classes(job: &GraphImport, tried: &Trial) -> Result<(), GraphImportError> {
    let (names, scores) = (job.classes.len(), tried.scores);
    if names == scores {
        return Ok(());
    }
    let hint = match names == scores + 1 {
        true => "; is its first line a heading? Remove it",
        false => "; take the list that was published with the network",
    };
    Err(GraphImportError::Setting(format!(
        "--labels: names {names} classes, and --scores {} gives {scores} scores{hint}",
        job.scores
    )))
}

fn write(
    job: &GraphImport,
    activation: GraphActivation,
    tried: &Trial,
    graph: &[u8],
) -> Result<(), GraphImportError> {
    let mut recipe = Recipe::parse(RECIPE, &job.out)?;
    recipe.name.clone_from(&job.name);
    recipe.description = "An imported ONNX graph".into();
    recipe.licence = Some(job.licence.trim().to_owned());
    recipe.front_end = job.front_end.clone();
    recipe.network = NetworkConfig::Onnx(ImportedGraphConfig {
        scores: tried.scores,
        embedding: tried.embedding.unwrap_or(tried.scores),
        probabilities: activation == GraphActivation::None,
        linear_head: false,
    });
    if activation == GraphActivation::Softmax {
        recipe.train.loss = Loss::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        };
    }
    // Windows of recordings are as long as segments.
    let data = recipe.data.clone();
    recipe.set_data(data);
    recipe.check()?;
    let file_name = job.file.file_name().unwrap_or_default().to_string_lossy();
    let meta = ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes: job.classes.clone(),
        licence: recipe.licence,
        source: Some(job.source.clone().unwrap_or_else(|| file_name.into_owned())),
        step: 0,
        calibration: None,
    };
    let file = ModelFile {
        meta,
        tensors: Tensors::new(),
        graph: Some(graph.into()),
    };
    Ok(file.save(&job.out)?)
}
