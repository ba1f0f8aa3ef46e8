//! Tags many recordings at a time.

use super::TagError;
use super::inputs::InputFile;
use super::job::{TagEvent, TagJob};
use super::resume_log::TagOutcome;
use super::workers::{FinishedRecording, Milestone, Note, SharedWork};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// How often is looked whether the job is to end early, while the workers are at files that take long.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Tags `files[i]` for each i of `todo` and passes results to `take` as they come, on the calling thread. False when
/// stopped. Scratch files are made in `scratch_folder`. `note` is called from any thread.
///
/// With at least as many files as threads, each file has one thread, so that nothing is shared; with fewer, each has
/// several. Where the system starts fewer threads than that, as many files as it starts workers are tagged at a time,
/// or one by one on the calling thread.
pub(super) fn tag_all(
    job: &TagJob,
    files: &[InputFile],
    todo: &[usize],
    scratch_folder: &Path,
    note: Note,
    mut take: impl FnMut(FinishedRecording) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let threads = match job.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let workers = if job.workers == 0 { threads } else { job.workers };
    let workers = workers.min(todo.len()).max(1);
    let work = SharedWork::new(job, files, todo, scratch_folder, note);
    let work = &work;
    let mut taken = 0;
    let mut accept = |done: Result<FinishedRecording, TagError>| -> Result<(), TagError> {
        let result = done.and_then(|done| {
            if let TagOutcome::Failed { file, reason } = &done.entry.outcome {
                (job.observer)(TagEvent::Skipped { file, reason });
            }
            take(done)
        });
        result.inspect_err(|_| work.fail())?;
        taken += 1;
        work.count_one();
        Ok(())
    };
    thread::scope(|s| {
        let (send, receive) = sync_channel(workers);
        let start = || {
            let (pool, send) = (pool(threads.div_ceil(workers))?, send.clone());
            let run = move || work.run(Some(&pool), |done| send.send(done).is_ok());
            let started = thread::Builder::new().spawn_scoped(s, run);
            started.map(drop).map_err(|e| e.to_string())
        };
        let (started, refused) = start_up_to(workers, start);
        drop(send);
        if let Some(cause) = refused {
            (job.observer)(TagEvent::Warning(fewer_workers(started, workers, &cause)));
        }
        if started > 0 {
            return receive_all(work, receive, &mut accept);
        }
        // The global pool would need threads, too. Where this thread is in a pool already, that one is used.
        let _alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build();
        let mut result = Ok(());
        work.run(None, |done| {
            result = accept(done);
            result.is_ok()
        });
        result
    })?;
    Ok(taken == todo.len())
}

/// Passes on what the workers send until all of them have ended. That the job is to end early is noted while they are
/// still at work: who asked for it may not wait for them.
fn receive_all(
    work: &SharedWork,
    receive: Receiver<Result<FinishedRecording, TagError>>,
    accept: &mut impl FnMut(Result<FinishedRecording, TagError>) -> Result<(), TagError>,
) -> Result<(), TagError> {
    let mut is_noted = false;
    loop {
        if !is_noted && work.is_stopping() {
            is_noted = true;
            (work.note)(Milestone::Stopping)?;
        }
        match receive.recv_timeout(LOOK_EVERY) {
            Ok(done) => accept(done)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// Starts `wanted` workers, or as many as the system starts: how many, and why not more.
fn start_up_to(wanted: usize, mut start: impl FnMut() -> Result<(), String>) -> (usize, Option<String>) {
    for started in 0..wanted {
        if let Err(cause) = start() {
            return (started, Some(cause));
        }
    }
    (wanted, None)
}

fn fewer_workers(started: usize, wanted: usize, cause: &str) -> String {
    let remedy = "use fewer --workers and --threads, or end other programs";
    match started {
        0 => format!("no thread can be started ({cause}): recordings are processed one by one; {remedy}"),
        n => format!("only {n} of {wanted} workers can be started ({cause}): it takes longer; {remedy}"),
    }
}

pub(super) fn pool(threads: usize) -> Result<rayon::ThreadPool, String> {
    #[cfg(test)]
    few_threads::count_one()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| e.to_string())
}

/// For tests: a system that starts few threads.
#[cfg(test)]
pub(super) mod few_threads {
    use std::cell::Cell;

    thread_local! {
        /// How many more workers this thread may start.
        pub static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    pub(super) fn count_one() -> Result<(), String> {
        let left = LEFT.get().checked_sub(1).ok_or("there are too many")?;
        LEFT.set(left);
        Ok(())
    }
}
