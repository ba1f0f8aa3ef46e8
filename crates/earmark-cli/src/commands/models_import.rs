//! `earmark models import`

use crate::Status;
use crate::args::ModelImport;
use crate::console::{Console, out};
use earmark::published::{Import, import};
use earmark::report::{human_amount, human_count};

/// Makes a model file of a published checkpoint.
pub fn run(args: ModelImport, console: &Console) -> anyhow::Result<Status> {
    let job = Import {
        file: args.file,
        architecture: args.architecture,
        labels: args.labels,
        source: args.source,
        out: args.out,
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
    out(format!(
        "{}: {}",
        human_amount(done.classes, "class", "classes"),
        job.out.display()
    ))?;
    Ok(Status::Done)
}
