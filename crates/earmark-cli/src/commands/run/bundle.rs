//! `earmark bundle`

use crate::given;
use crate::prelude::*;
use earmark::inference::bundle::{self, bundle};
use earmark::metrics::BlendMean;
use earmark_core::text::quote;

/// Pack models and this program into a folder that needs no network and no installation
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark bundle runs/cv -o my-bundle\n  \
    earmark bundle runs/a runs/b@500 --weights 2,1 -o my-bundle\n\n\
    Then, on the other machine: sh my-bundle/predict.sh DATA submission.csv")]
pub struct Bundle {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a cross-validation RUN counts as one model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The folder to write
    #[arg(long, short)]
    pub out: PathBuf,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Weights of the models in the mean, one per model
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
    /// The program to include, such as a static build; default: the one that is running
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}

/// Packs models and the program into a folder.
pub fn run(args: Bundle, console: &Console) -> anyhow::Result<Status> {
    let program = match args.program {
        Some(program) => program,
        None => given::program()?,
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
        false => {
            let script = quote(&job.out.join("predict.sh").to_string_lossy());
            format!("{folder}: {models} and the program; use it with `sh {script} DATA OUT.csv`")
        }
    })?;
    if packed.description.program.r#static == Some(false) {
        console.note(
            "its program needs a C library at least as new as this system's; for any Linux, take the static one of a release (or of cargo xtask release) and name it with --program",
        );
    }
    Ok(Status::Done)
}
