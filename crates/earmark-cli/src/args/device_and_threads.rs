//! `--device` and `--threads`, or `EARMARK_DEVICE` and `EARMARK_THREADS`.

use clap::Args;

/// What computes.
#[derive(Args)]
pub struct Compute {
    /// Compute device: cpu, cpu-plain (without earmark's own kernels, slow), or one that this build includes (vulkan, webgpu, metal, cuda)
    #[arg(long, env = "EARMARK_DEVICE", default_value = "cpu", help_heading = "Compute")]
    pub device: String,
    #[command(flatten)]
    pub threads: Threads,
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
