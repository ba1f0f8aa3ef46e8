//! `earmark models import`

use crate::args::ImportModel;
use crate::console::Console;
use crate::output::print;
use crate::status::Status;
use anyhow::Context;
use earmark::hub::{Architecture, Import, entries, import, models_folder};
use earmark_core::human::{human_amount, human_count};
use std::path::{Path, PathBuf};

/// Makes a model file of a published checkpoint.
pub fn run(args: ImportModel, console: &Console) -> anyhow::Result<Status> {
    let job = Import {
        out: match args.out {
            Some(out) => out,
            None => default_path(&args.file, &args.architecture)?,
        },
        file: args.file,
        architecture: args.architecture,
        labels: args.labels,
        source: args.source,
    };
    let done = import(&job)?;
    let ignored = match done.ignored {
        0 => String::new(),
        n => format!(
            "; {} that prediction does not use left out",
            human_amount(n, "tensor", "tensors")
        ),
    };
    console.note(format!(
        "{}: {} with {} parameters{ignored}",
        done.architecture,
        human_amount(done.tensors, "tensor", "tensors"),
        human_count(done.parameters as u64),
    ));
    let content = match done.classes {
        0 => "a backbone without classes, to start trainings from (train.start)".into(),
        n => human_amount(n, "class", "classes"),
    };
    print(format!("{content}: {}", job.out.display()))?;
    Ok(Status::Done)
}

/// Where a model goes without `-o`: into the models folder, under the catalogue's name if the checkpoint has its file name, else under
/// that of its network.
fn default_path(file: &Path, architecture: &str) -> anyhow::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let published = entries().iter().find(|entry| entry.file_name() == name);
    let network = Architecture::parse(architecture).map(|a| a.name());
    let name = published.map(|entry| entry.name.clone()).or(network);
    let name = name.unwrap_or_else(|| "model".into());
    let folder = models_folder()
        .context("-o: this system has no data folder for users to keep models in; say where to write")?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder.join(format!("{name}.safetensors")))
}
