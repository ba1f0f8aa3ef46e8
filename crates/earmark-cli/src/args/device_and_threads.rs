//! `--device` and `--threads`, or `EARMARK_DEVICE` and `EARMARK_THREADS`.

use super::{Choice, choice};
use clap::Args;
use earmark::inference::{Device, ModelPrecision};
use earmark::models::Precision;

/// What computes.
#[derive(Args)]
pub struct Compute {
    /// Compute device: cpu, cpu-plain (without earmark's own kernels, slow), or one that this build includes (vulkan, webgpu, metal, cuda)
    #[arg(long, env = "EARMARK_DEVICE", default_value = "cpu", help_heading = "Compute")]
    pub device: String,
    #[command(flatten)]
    pub threads: Threads,
}

/// What networks compute in when they score.
#[derive(Args, Clone, Copy)]
pub struct PrecisionArg {
    /// What the products of a network multiply: f32, bf16 (needs AVX512-BF16) or int8 (AVX512-VNNI); default: what the
    /// model's recipe says (predict.precision), which is f32 unless it was changed
    #[arg(long, value_name = "PRECISION", value_parser = choice(PRECISIONS), help_heading = "Compute")]
    pub precision: Option<Precision>,
}

const PRECISIONS: &[Choice<Precision>] = &[
    ("f32", "Single precision", Precision::F32),
    ("bf16", "bfloat16 in pointwise convolutions", Precision::Bf16),
    ("int8", "Bytes in pointwise convolutions", Precision::Int8),
];

impl PrecisionArg {
    /// What shards must have in common: what is computed in here, where something was asked for.
    pub fn setting(self, device: &str) -> anyhow::Result<Option<String>> {
        let Some(asked) = self.precision else {
            return Ok(None);
        };
        let (precision, _) = ModelPrecision::on(&Device::named(device)?, asked)?;
        Ok(Some(precision.computed.to_string()))
    }
}

/// How many threads compute.
#[derive(Args)]
pub struct Threads {
    /// Number of compute threads (0 = one per core)
    #[arg(long, env = "EARMARK_THREADS", default_value_t = 0, value_parser = threads, help_heading = "Compute")]
    pub threads: usize,
}

/// More threads than this never help and cost memory.
const MAX_THREADS: usize = 512;

/// A number of threads.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= MAX_THREADS => Ok(n),
        Ok(n) => Err(format!(
            "{n} is more than {MAX_THREADS}; leave it out to use one thread per core"
        )),
        Err(_) => Err("expected a whole number (0 = one per core)".into()),
    }
}
