//! The threads that compute (`--threads`): one pool for the whole program.

use anyhow::Context;

/// Starts the compute threads; 0 leaves their number to the machine.
pub fn start_threads(count: usize) -> anyhow::Result<()> {
    if count == 0 {
        return Ok(());
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .build_global()
        .context("--threads: the threads could not be started; give a lower number")
}
