//! `earmark models import`

use super::destination::ImportDestination;
use super::import_args::ImportModel;
#[cfg(feature = "onnx-models")]
use super::import_graph::run as import_graph;
use crate::prelude::*;
use earmark::hub::{Import, PublishedArchitecture, import, published_models};

/// Makes a model file of a published checkpoint or an ONNX graph.
pub fn run(args: ImportModel, console: &Console) -> anyhow::Result<Status> {
    if args
        .file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"))
    {
        return import_graph(args, console);
    }
    if let Some(flag) = args.graph.first_given() {
        bail!(
            "{flag}: belongs to an ONNX graph, and {} is not named as one; leave it out",
            args.file.display()
        );
    }
    let name = || installed_name(&args.file, &args.architecture);
    let destination = ImportDestination::of(args.out, args.replace, name)?;
    let job = Import {
        out: destination.to_write(),
        file: args.file,
        architecture: args.architecture,
        labels: args.labels,
        source: args.source,
    };
    let done = import(&job)?;
    let ignored = match done.ignored {
        0 => String::new(),
        n => {
            let tensors = human_amount(n, "tensor", "tensors");
            format!("; {tensors} that prediction does not use left out")
        }
    };
    let tensors = human_amount(done.tensors, "tensor", "tensors");
    let (network, parameters) = (&done.architecture, human_count(done.parameters as u64));
    console.note(format!(
        "{network}: {tensors} with {parameters} parameters{ignored}"
    ));
    let content: String = match done.classes {
        0 => "a backbone without classes, to start trainings from (train.start)".into(),
        n => human_amount(n, "class", "classes"),
    };
    destination.finish(&content, console)?;
    Ok(Status::Done)
}

/// Says what this program lacks.
#[cfg(not(feature = "onnx-models"))]
fn import_graph(args: ImportModel, _: &Console) -> anyhow::Result<Status> {
    bail!(
        "{}: this program was built without the feature `onnx-models`, which imports ONNX graphs; build it with \
         `--features onnx-models`, or take a release, which has it",
        args.file.display()
    )
}

/// What a model is called in the models folder: the catalogue's name if the checkpoint has its file name, else that of
/// its network.
fn installed_name(file: &Path, architecture: &str) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let published = published_models().iter().find(|model| model.file_name() == name);
    let network = PublishedArchitecture::parse(architecture).map(|a| a.name());
    let name = published.map(|model| model.name.clone()).or(network);
    name.unwrap_or_else(|| "model".into())
}
