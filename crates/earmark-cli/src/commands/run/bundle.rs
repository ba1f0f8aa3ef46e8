//! `earmark bundle`

use crate::Status;
use crate::args::{Bundle, Global};
use crate::console::{Console, out};
use anyhow::Context;
use earmark::inference::bundle::{self, bundle};
use earmark::metrics::BlendMean;
use earmark::report::human_amount;

/// Packs models and the program into a folder.
pub fn run(args: Bundle, _: &Global, console: &Console) -> anyhow::Result<Status> {
    let mean: BlendMean = args.mean.parse().context("--mean")?;
    let program = match args.program {
        Some(program) => program,
        None => std::env::current_exe()
            .context("the running program can't be found; name its file with --program FILE")?,
    };
    let job = bundle::Bundle {
        models: args.models,
        out: args.out,
        mean,
        weights: (!args.weights.is_empty()).then_some(args.weights),
        program,
    };
    let packed = bundle(&job)?;
    let models = human_amount(packed.description.models.len(), "model", "models");
    let folder = job.out.display();
    if packed.unchanged {
        out(format!(
            "{folder}: holds these {models} already; nothing was changed"
        ))?;
    } else {
        out(format!(
            "{folder}: {models} and the program; use it with `sh predict.sh DATA OUT.csv`"
        ))?;
    }
    if packed.description.program.r#static == Some(false) {
        console.note(
            "its program needs the C library of a system as new as this one; for any Linux, build a static one (Containerfile) and name it with --program",
        );
    }
    Ok(Status::Done)
}
