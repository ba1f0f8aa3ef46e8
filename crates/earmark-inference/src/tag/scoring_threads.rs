//! One recording on several threads: each takes the next batch and scores all of it by itself, so that results are to
//! the last bit those of one thread, and threads hardly wait for one another.

use super::batches::per_batch;
use super::error::TagFailure;
use super::many_recordings::pool;
use super::windows::WindowGrid;
use earmark_core::caught_panics::catch_panic;
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// Bytes of samples that may wait in batches, one for each pool: long windows get fewer pools.
const SAMPLE_BYTES: usize = 256 << 20;

/// Pools that divide the threads of the one that this is called in, for a recording of this number of samples (`None`:
/// not known): at most one for each of its batches, and few enough that their samples fit [`SAMPLE_BYTES`]. None where
/// there would be only one: for few batches, where the system starts too few threads, and outside of a pool, where the
/// threads may be shared with other recordings.
pub(super) fn scoring_pools(grid: WindowGrid, samples: Option<u64>) -> Vec<ThreadPool> {
    if rayon::current_thread_index().is_none() {
        return Vec::new();
    }
    let threads = rayon::current_num_threads();
    let batches = samples.map(|samples| grid.count(samples).div_ceil(per_batch(grid) as u64));
    let batches = batches.map_or(threads, |count| usize::try_from(count).unwrap_or(threads));
    let fitting = SAMPLE_BYTES / (per_batch(grid) * grid.window * size_of::<f32>()).max(1);
    let count = threads.min(batches).min(fitting);
    if count < 2 {
        return Vec::new();
    }
    let share = |k: usize| threads / count + usize::from(k < threads % count);
    let pools: Vec<ThreadPool> = (0..count).map_while(|k| pool(share(k)).ok()).collect();
    if pools.len() < 2 { Vec::new() } else { pools }
}

/// What a pool sends: the number of a job and what came of it, or that it takes no more.
type Sent<R> = Option<(u64, Result<R, String>)>;

/// Does `work` on all jobs that come, one at a time on each pool, and passes the results to `take` on the calling
/// thread, in the order of the jobs, until it fails. Where the work panics, `take` gets what happened, in words.
///
/// # Errors
///
/// What `take` says; the jobs that are left are not done then.
pub(super) fn in_order<J: Send, R: Send>(
    pools: &[ThreadPool],
    jobs: Receiver<J>,
    work: impl Fn(J) -> R + Sync,
    mut take: impl FnMut(Result<R, String>) -> Result<(), TagFailure>,
) -> Result<(), TagFailure> {
    let (send, receive) = channel();
    let numbered = Mutex::new((0, jobs));
    let has_ended = AtomicBool::new(false);
    let run = |send: &Sender<Sent<R>>| {
        while let Some((number, job)) = next(&numbered, &has_ended) {
            // The receiver lives until all pools have ended.
            let _ = send.send(Some((number, catch_panic(|| work(job)))));
        }
        let _ = send.send(None);
    };
    let mut result = Ok(());
    on_all(pools, &|| run(&send), &mut || {
        result = sort(pools.len(), &receive, &mut take);
        has_ended.store(true, Ordering::Relaxed);
    });
    result
}

/// The next job and its number; `None` after the last one.
fn next<J>(numbered: &Mutex<(u64, Receiver<J>)>, has_ended: &AtomicBool) -> Option<(u64, J)> {
    let mut numbered = numbered.lock().unwrap_or_else(PoisonError::into_inner);
    if has_ended.load(Ordering::Relaxed) {
        return None;
    }
    let job = numbered.1.recv().ok()?;
    let number = numbered.0;
    numbered.0 += 1;
    Some((number, job))
}

/// Takes results in the order of their numbers until no pool works any more.
fn sort<R>(
    mut working: usize,
    receive: &Receiver<Sent<R>>,
    take: &mut impl FnMut(Result<R, String>) -> Result<(), TagFailure>,
) -> Result<(), TagFailure> {
    let (mut early, mut wanted) = (BTreeMap::new(), 0);
    while working > 0 {
        match receive.recv() {
            Ok(Some((number, result))) => {
                early.insert(number, result);
            }
            Ok(None) => working -= 1,
            Err(_) => return Ok(()),
        }
        while let Some(result) = early.remove(&wanted) {
            wanted += 1;
            take(result)?;
        }
    }
    Ok(())
}

/// Runs the same work on each pool while this thread does something else; returns when all have ended.
fn on_all(pools: &[ThreadPool], run: &(dyn Fn() + Sync), meanwhile: &mut dyn FnMut()) {
    match pools.split_first() {
        None => meanwhile(),
        Some((pool, rest)) => pool.in_place_scope(|spawner| {
            spawner.spawn(move |_| run());
            on_all(rest, run, meanwhile);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;
    use std::thread;

    fn pools(count: usize) -> Vec<ThreadPool> {
        (0..count).map(|_| pool(1).unwrap()).collect()
    }

    /// What comes of the jobs 0 to `count`.
    fn results(
        pools: &[ThreadPool],
        count: u64,
        work: impl Fn(u64) -> u64 + Sync,
    ) -> Vec<Result<u64, String>> {
        let mut found = Vec::new();
        thread::scope(|s| {
            let (send, receive) = sync_channel(1);
            s.spawn(move || (0..count).all(|job| send.send(job).is_ok()));
            in_order(pools, receive, work, |result| {
                found.push(result);
                Ok(())
            })
            .unwrap();
        });
        found
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        // Even jobs wait until an odd one has ended.
        let (done, wait) = channel();
        let wait = Mutex::new(wait);
        let found = results(&pools(2), 40, |job| {
            match job % 2 {
                0 => wait.lock().unwrap().recv().unwrap(),
                _ => done.send(()).unwrap(),
            }
            job * job
        });
        let wanted: Vec<Result<u64, String>> = (0..40).map(|job| Ok(job * job)).collect();
        assert_eq!(found, wanted);
        for count in [1, 3, 5] {
            assert!(results(&pools(count), 0, |job| job).is_empty());
            assert_eq!(results(&pools(count), 40, |job| job * job), wanted);
        }
    }

    #[test]
    fn a_panic_is_the_result_of_its_job_alone() {
        let found = results(&pools(3), 9, |job| {
            assert!(job != 4, "job four");
            job
        });
        for (job, result) in (0..9).zip(found) {
            match (job, result) {
                (4, result) => assert!(result.unwrap_err().contains("job four")),
                (job, result) => assert_eq!(result, Ok(job)),
            }
        }
    }

    #[test]
    fn after_a_failure_no_result_is_taken_and_nobody_waits_for_ever() {
        let mut taken = Vec::new();
        thread::scope(|s| {
            let (send, receive) = sync_channel(1);
            // It ends only when the receiver is gone.
            s.spawn(move || (0..).all(|job: u64| send.send(job).is_ok()));
            let result = in_order(
                &pools(2),
                receive,
                |job| job,
                |job| {
                    taken.push(job);
                    if taken.len() < 4 {
                        Ok(())
                    } else {
                        Err(TagFailure::Stopped)
                    }
                },
            );
            assert!(matches!(result, Err(TagFailure::Stopped)));
        });
        assert_eq!(taken, [Ok(0), Ok(1), Ok(2), Ok(3)]);
    }

    #[test]
    fn pools_divide_the_threads_among_the_batches_there_are() {
        let grid = WindowGrid {
            window: 10,
            hop: 5,
            least: 1,
        };
        let sizes = |samples: Option<u64>| -> Vec<usize> {
            let found = scoring_pools(grid, samples);
            found.iter().map(ThreadPool::current_num_threads).collect()
        };
        let of_batches = |count: u64| Some(5 + 5 * per_batch(grid) as u64 * count);
        assert!(sizes(None).is_empty(), "outside of a pool");
        pool(1)
            .unwrap()
            .install(|| assert!(sizes(of_batches(9)).is_empty()));
        pool(5).unwrap().install(|| {
            assert!(sizes(Some(0)).is_empty() && sizes(of_batches(1)).is_empty());
            assert_eq!(sizes(of_batches(2)), [3, 2]);
            assert_eq!(sizes(of_batches(4)), [2, 1, 1, 1]);
            assert_eq!(sizes(of_batches(9)), [1; 5]);
            assert_eq!(sizes(None), [1; 5]);
        });
    }
}
