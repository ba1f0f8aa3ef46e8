//! `earmark bundle`

use crate::args::Bundle;
use crate::console::Console;
use crate::output::print;
use crate::status::Status;
use anyhow::Context;
use earmark::inference::bundle::{self, bundle};
use earmark_core::human::human_amount;

/// Packs models and the program into a folder.
pub fn run(args: Bundle, console: &Console) -> anyhow::Result<Status> {
    let program = match args.program {
        Some(program) => program,
        None => std::env::current_exe()
            .context("the running program cannot be found; name its file with --program FILE")?,
    };
    let job = bundle::BundleJob {
        models: args.models,
        out: args.out,
        mean: args.mean,
        weights: (!args.weights.is_empty()).then_some(args.weights),
        program,
    };
    let packed = bundle(&job)?;
    let models = human_amount(packed.description.models.len(), "model", "models");
    let folder = job.out.display();
    print(match packed.unchanged {
        true => format!("{folder}: already contains {models} and the program, all unchanged"),
        false => format!("{folder}: {models} and the program; use it with `sh predict.sh DATA OUT.csv`"),
    })?;
    if packed.description.program.r#static == Some(false) {
        console.note(
            "its program needs a C library at least as new as this system's; for any Linux, build a static one (Containerfile) and name it with --program",
        );
    }
    Ok(Status::Done)
}
