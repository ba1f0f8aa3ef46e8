//! `earmark models import`

use crate::Status;
use crate::args::ModelImport;
use crate::console::{Console, out};
use anyhow::Context;
use earmark::hub::{Architecture, Import, entries, import, models_folder};
use earmark::report::{human_amount, human_count};
use std::path::{Path, PathBuf};

/// Where a model goes that no `-o` gives a place: into the models folder, under the catalogue's name where the checkpoint has its
/// file's name, else under that of its network.
fn place(file: &Path, architecture: &str) -> anyhow::Result<PathBuf> {
    let name = file
        .file_name()
        .map_or(String::new(), |n| n.to_string_lossy().into_owned());
    let published = entries().iter().find(|e| e.file_name() == name);
    let network = Architecture::parse(architecture).map(|a| a.name());
    let name = published
        .map(|e| e.name.clone())
        .or(network)
        .unwrap_or_else(|| "model".into());
    let folder = models_folder()
        .context("-o: there is no user's data folder to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder.join(format!("{name}.safetensors")))
}

/// Makes a model file of a published checkpoint.
pub fn run(args: ModelImport, console: &Console) -> anyhow::Result<Status> {
    let job = Import {
        out: args
            .out
            .map_or_else(|| place(&args.file, &args.architecture), Ok)?,
        file: args.file,
        architecture: args.architecture,
        labels: args.labels,
        source: args.source,
    };
    let done = import(&job)?;
    let left = match done.ignored {
        0 => String::new(),
        n => format!(
            "; {} that prediction does not use left out",
            human_amount(n, "tensor", "tensors")
        ),
    };
    console.note(format!(
        "{}: {} with {} parameters{left}",
        done.architecture,
        human_amount(done.tensors, "tensor", "tensors"),
        human_count(done.parameters as u64),
    ));
    let holds = match done.classes {
        0 => "a body without classes, to start trainings from (train.start)".into(),
        n => human_amount(n, "class", "classes"),
    };
    out(format!("{holds}: {}", job.out.display()))?;
    Ok(Status::Done)
}
