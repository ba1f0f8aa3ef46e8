//! The threads that compute (`--threads`): one pool for the whole program.

use crate::console::Console;
use anyhow::Context;
use rayon::ThreadPoolBuilder;

/// Starts the compute threads; 0 leaves their number to the machine. Where it starts fewer threads than that, all is
/// computed on one, and a warning says so.
pub fn start_threads(count: usize, console: &Console) -> anyhow::Result<()> {
    if count > 0 {
        return ThreadPoolBuilder::new()
            .num_threads(count)
            .build_global()
            .context("--threads: the threads could not be started; give a lower number");
    }
    // The pool of the program can be made only once, and panics where it is wanted and could not be: so it is tried
    // with another one.
    if let Err(cause) = ThreadPoolBuilder::new().build() {
        console.warning(format!(
            "{cause}: too few threads can be started, so that one computes; end other programs, or give a number with \
             --threads"
        ));
        // Fails where a program that this one is a part of has started its own.
        let _ = ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build_global();
    }
    Ok(())
}
