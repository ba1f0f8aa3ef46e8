//! The threads of this process, and what a fork leaves of them.

use crate::errors::{Failure, FailureKind};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More threads than this never help and cost memory.
const MAX_THREADS: usize = 512;

/// What is known of the threads.
struct Threads {
    /// How many were asked for; `None` leaves that to the environment.
    wanted: Option<usize>,
    /// The process that started them, and how many (0 = one per core).
    started: Option<(u32, usize)>,
}

static THREADS: Mutex<Threads> = Mutex::new(Threads {
    wanted: None,
    started: None,
});

/// Sets the number of compute threads, 0 for one per core; only before anything was computed.
#[pyfunction]
pub fn set_threads(count: usize) -> PyResult<()> {
    match wanted(count) {
        Ok(()) => Ok(()),
        // The lock is not held here: making an exception runs Python code.
        Err(problem) => Err(Failure::new(FailureKind::Config, problem).into()),
    }
}

fn wanted(count: usize) -> Result<(), String> {
    if count > MAX_THREADS {
        return Err(format!(
            "threads = {count}: is more than {MAX_THREADS}; 0 is one per core"
        ));
    }
    let mut threads = lock();
    if threads.started.is_some() {
        return Err("threads: they run already; set their number before anything is computed".into());
    }
    threads.wanted = Some(count);
    Ok(())
}

/// Starts the threads, where that has not happened, and returns their number (0 = one per core). A process that was
/// forked after that has none of them, and would wait for ever.
pub fn start() -> Result<usize, Failure> {
    let mut threads = lock();
    let here = std::process::id();
    let started = threads.started;
    let (process, count) = match started {
        Some(started) => started,
        None => {
            let count = match threads.wanted {
                Some(count) => count,
                None => from_environment()?,
            };
            start_pool(count)?;
            threads.started = Some((here, count));
            (here, count)
        }
    };
    match process == here {
        true => Ok(count),
        false => Err(Failure::new(
            FailureKind::Other,
            "this process was forked after earmark had started its threads, which a fork does not copy; start \
             processes with multiprocessing's method `spawn` or `forkserver`, or call earmark only in them",
        )),
    }
}

/// Where they are counted by hand, one pool is for everything.
fn start_pool(count: usize) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    pool.map_err(|e| {
        Failure::new(
            FailureKind::Config,
            format!("threads = {count}: could not be started ({e}); give a lower number"),
        )
    })
}

/// What `EARMARK_THREADS` says; 0 without it.
fn from_environment() -> Result<usize, Failure> {
    let Ok(text) = std::env::var("EARMARK_THREADS") else {
        return Ok(0);
    };
    let count = text
        .trim()
        .parse::<usize>()
        .ok()
        .filter(|count| *count <= MAX_THREADS);
    count.ok_or_else(|| {
        Failure::new(
            FailureKind::Config,
            format!("EARMARK_THREADS={text}: give a whole number up to {MAX_THREADS} (0 = one per core)"),
        )
    })
}

fn lock() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}
