//! `earmark models import` of an ONNX graph.

use super::destination::ImportDestination;
use super::import_args::{GraphArgs, ImportModel};
use crate::prelude::*;
use earmark::Recipe;
use earmark::features::{FrontEnd, Segments};
use earmark::foreign::{GraphActivation, GraphImport, GraphImportResult, import_graph};
use earmark::hub::read_labels;

/// Makes a model file of an ONNX graph.
pub fn run(args: ImportModel, console: &Console) -> anyhow::Result<Status> {
    let name = args.architecture;
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        bail!("--as {name:?}: give a plain name, such as birdnet");
    }
    let labels = required(
        args.labels,
        "--labels",
        "the file with the classes, in the order of the scores",
    )?;
    let classes = read_labels(&labels);
    let classes = classes.map_err(|e| anyhow::anyhow!("--labels {}: {e}", labels.display()))?;
    let what = "the output with the scores; an unknown name is answered with those that the graph has";
    let destination = ImportDestination::of(args.out, args.replace, || name.clone())?;
    let job = GraphImport {
        front_end: front_end(&args.graph)?,
        scores: required(args.graph.scores, "--scores", what)?,
        licence: required(
            args.graph.licence,
            "--licence",
            "the licence that the network was published under, such as CC-BY-NC-SA-4.0, or `own` for one of \
             yours; it is kept in the model file and printed",
        )?,
        embedding: args.graph.embedding,
        activation: args.graph.activation.as_deref().map(activation),
        classes,
        out: destination.to_write(),
        file: args.file,
        source: args.source,
        name,
    };
    let done = import_graph(&job)?;
    console.note(describe(&done));
    console.note(format!("licence: {}", one_line(&job.licence)));
    let classes = human_amount(done.scores, "class", "classes");
    destination.finish(&classes, console)?;
    Ok(Status::Done)
}

fn required<T>(given: Option<T>, flag: &str, what: &str) -> anyhow::Result<T> {
    given.with_context(|| format!("{flag}: is required for an ONNX graph: {what}"))
}

fn activation(name: &str) -> GraphActivation {
    match name {
        "sigmoid" => GraphActivation::Sigmoid,
        "softmax" => GraphActivation::Softmax,
        _ => GraphActivation::None,
    }
}

/// The front end before the graph: a window of samples, or that of a recipe.
fn front_end(args: &GraphArgs) -> anyhow::Result<FrontEnd> {
    let seconds = args.window_seconds;
    if let Some(seconds) = seconds.filter(|seconds| !(*seconds > 0.0 && *seconds <= 3600.0)) {
        bail!("--window-seconds {seconds}: give seconds, above 0 and up to 3600");
    }
    if let Some(name) = &args.front_end {
        let mut front_end = Recipe::load(name, &[])?.front_end;
        if let Some(rate) = args
            .sample_rate_hz
            .filter(|rate| *rate != front_end.sample_rate_hz)
        {
            bail!(
                "--sample-rate-hz {rate}: the front end of {name} takes {} Hz; leave it out",
                front_end.sample_rate_hz
            );
        }
        if seconds.is_some() {
            let of_recipe = front_end.segments.take().unwrap_or_default();
            front_end.segments = Some(Segments {
                length_seconds: seconds,
                length_frames: None,
                hop_seconds: seconds,
                hop_frames: None,
                ..of_recipe
            });
        }
        return Ok(front_end);
    }
    let rate = required(
        args.sample_rate_hz,
        "--sample-rate-hz",
        "the rate of the samples that it takes",
    )?;
    let seconds = required(
        seconds,
        "--window-seconds",
        "the length of the windows that it takes",
    )?;
    let samples = (seconds * f64::from(rate)).round();
    if !(1.0..=f64::from(1 << 24)).contains(&samples) {
        bail!(
            "--window-seconds {seconds}: are {samples} samples; a window has 1 to {}",
            1 << 24
        );
    }
    Ok(FrontEnd::of_waveform(rate, samples as u32))
}

fn describe(done: &GraphImportResult) -> String {
    let nodes = human_amount(done.operators.values().sum(), "node", "nodes");
    let operators = human_amount(done.operators.len(), "operator", "operators");
    let weights = human_count(done.parameters as u64);
    let embedding = match done.embedding {
        Some(n) => format!("an embedding of {n} features"),
        None => "no embedding, for which the scores stand".into(),
    };
    let activation = match done.activation {
        GraphActivation::None => "probabilities",
        GraphActivation::Sigmoid => "logits, for a sigmoid",
        GraphActivation::Softmax => "logits, for a softmax",
    };
    let rows = match done.rows {
        1 => String::new(),
        rows => format!(", the mean of {rows} rows"),
    };
    let [low, high] = done.range;
    format!(
        "{nodes} of {operators}, {weights} weights; takes {:?}; gives {embedding} and scores that are \
         {activation}{rows}, from {low:.3} to {high:.3} for silence, noise and a tone",
        done.input
    )
}
