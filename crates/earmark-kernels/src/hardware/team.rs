//! Threads that stay with one caller while it goes through many short steps, each cut into pieces.
//!
//! A parallel loop of rayon wakes threads that sleep, and sleeps until they are done: that takes tens of microseconds,
//! as much as a layer does for one example. A team's threads are woken once. Between two steps they look out for the
//! next, for a bounded time; then they leave, so that waiting does not keep a busy machine from other work. The caller
//! waits only for threads that are at its pieces, and does all that nobody comes for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicPtr, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};

/// Threads of a team at most: few steps have more pieces.
const MOST: usize = 16;
/// How often a waiting thread looks before it lets others have the processor: about a tenth of a millisecond.
const LOOKS: usize = 1 << 12;
/// How often it lets others have it before it leaves.
const YIELDS: usize = 1 << 5;
/// The bit of [`Team::steps`] that says that no more come.
const ENDED: usize = 1 << (usize::BITS - 1);

/// A caller and the threads that help it.
pub(crate) struct Team {
    members: usize,
    /// How often a helper that waits looks for the next step before it leaves.
    patience: usize,
    joined: AtomicUsize,
    /// How many steps have begun, and whether that was the last.
    steps: AtomicUsize,
    /// The step that is under way; null between steps, [`closed`] while one ends.
    now: AtomicPtr<Step<'static>>,
    /// Helpers that may hold what they found in `now`.
    inside: AtomicUsize,
}

/// Pieces of work that may be done in any order and at the same time.
struct Step<'a> {
    piece: &'a (dyn Fn(usize) + Sync),
    count: usize,
    /// The next piece of each member's share: as far as threads keep up with each other, a thread does the same part of
    /// every step, and finds in its caches what it left there.
    next: [AtomicUsize; MOST],
    /// What a piece of a helper panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// An address of no step.
fn closed() -> *mut Step<'static> {
    std::ptr::dangling_mut()
}

impl Step<'_> {
    fn share(&self, member: usize, members: usize) -> usize {
        member * self.count / members
    }

    /// Does pieces until none is left: first of this member's share, then of the others'.
    fn work(&self, member: usize, members: usize) {
        for share in (member..members).chain(0..member) {
            let end = self.share(share + 1, members);
            loop {
                let piece = self.next[share].fetch_add(1, Relaxed);
                if piece >= end {
                    break;
                }
                (self.piece)(piece);
            }
        }
    }
}

impl Team {
    /// Does `work` with a team of the threads of the pool that are free.
    pub fn gather<R: Send>(work: impl FnOnce(Arc<Self>) -> R + Send) -> R {
        Self::gather_for(LOOKS + YIELDS, work)
    }

    fn gather_for<R: Send>(patience: usize, work: impl FnOnce(Arc<Self>) -> R + Send) -> R {
        rayon::scope(|spawner| {
            let team = Arc::new(Self {
                members: rayon::current_num_threads().min(MOST),
                patience,
                joined: AtomicUsize::new(0),
                steps: AtomicUsize::new(0),
                now: AtomicPtr::new(null_mut()),
                inside: AtomicUsize::new(0),
            });
            call(spawner, &team, 0);
            let _end = AtEnd(|| {
                team.steps.fetch_or(ENDED, Relaxed);
            });
            work(Arc::clone(&team))
        })
    }

    /// How many threads it has, if all have come.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Does `work` on every item, by the whole team; returns what it returned, in the order of the items.
    ///
    /// # Panics
    /// If `work` does, on whatever thread.
    pub fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(usize, T) -> R + Sync) -> Vec<R> {
        let items: Vec<_> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
        let results: Vec<_> = items.iter().map(|_| Mutex::new(None)).collect();
        self.step(items.len(), &|i| {
            let item = items[i].lock().unwrap_or_else(PoisonError::into_inner).take();
            let result = item.map(|item| work(i, item));
            *results[i].lock().unwrap_or_else(PoisonError::into_inner) = result;
        });
        let result = |of: Mutex<Option<R>>| of.into_inner().unwrap_or_else(PoisonError::into_inner);
        let all = results.into_iter().map(result);
        all.map(|r| r.expect("no piece panicked")).collect()
    }

    /// Does pieces `0..count`, each once; returns when all are done.
    fn step(&self, count: usize, piece: &(dyn Fn(usize) + Sync)) {
        let mut step = Step {
            piece,
            count,
            next: Default::default(),
            panic: Mutex::default(),
        };
        for member in 0..self.members {
            step.next[member] = step.share(member, self.members).into();
        }
        let this = from_ref(&step).cast::<Step<'static>>().cast_mut();
        // In a piece of another step, or with nothing to share, this thread does it.
        let shared = count > 1
            && self.members > 1
            && self
                .now
                .compare_exchange(null_mut(), this, SeqCst, Relaxed)
                .is_ok();
        if !shared {
            return (0..count).for_each(piece);
        }
        // Also when a piece panics: helpers must have left before `step` and what its pieces borrow is gone. Until then
        // no other step may begin: a helper in its last piece that began one would wait for itself to leave.
        let end = AtEnd(|| {
            self.now.store(closed(), SeqCst);
            let mut looks = 0;
            while self.inside.load(SeqCst) > 0 {
                wait(&mut looks);
            }
            self.now.store(null_mut(), SeqCst);
        });
        self.steps.fetch_add(1, Release);
        step.work(0, self.members);
        drop(end);
        let panic = step.panic.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Helps with every step that comes soon after the one before.
    fn help(&self) {
        let member = 1 + self.joined.fetch_add(1, Relaxed);
        let mut seen = 0;
        while let Some(steps) = self.after(seen) {
            seen = steps;
            self.inside.fetch_add(1, SeqCst);
            let _left = AtEnd(|| {
                self.inside.fetch_sub(1, Release);
            });
            let now = self.now.load(SeqCst);
            if now == closed() {
                continue;
            }
            // SAFETY: `now` is null or points to a step that its caller keeps until it has closed `now` and then found
            // nobody inside. All four accesses are in one order: either the caller finds this thread inside, or this
            // thread finds `now` closed or null.
            if let Some(step) = unsafe { now.as_ref() } {
                let done = catch_unwind(AssertUnwindSafe(|| step.work(member, self.members)));
                if let Err(panic) = done {
                    // For the caller, which else would find a piece undone and not know why.
                    *step.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
            }
        }
    }

    /// The number of steps that have begun, once it is another than `seen`; `None` after the last, or if none begins.
    fn after(&self, seen: usize) -> Option<usize> {
        let mut looks = 0;
        loop {
            let steps = self.steps.load(Acquire);
            if steps & ENDED > 0 || looks >= self.patience {
                return None;
            }
            if steps != seen {
                return Some(steps);
            }
            // The next step is near while one is under way, whose caller is in its last piece: don't leave.
            if !self.now.load(Relaxed).is_null() {
                looks = looks.min(LOOKS);
            }
            wait(&mut looks);
        }
    }
}

/// Calls the helpers that member `k` has to call, who call others: each takes a while to wake.
fn call<'s>(spawner: &rayon::Scope<'s>, team: &Arc<Team>, k: usize) {
    for k in [2 * k + 1, 2 * k + 2] {
        if k < team.members {
            let team = Arc::clone(team);
            spawner.spawn(move |spawner| {
                call(spawner, &team, k);
                team.help();
            });
        }
    }
}

/// Waits a moment, the longer the more often it was done.
fn wait(looks: &mut usize) {
    *looks += 1;
    if *looks <= LOOKS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Does something when it is dropped, by whatever way.
struct AtEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads start").install(work)
    }

    /// Each step reads what all pieces of the step before wrote.
    #[test]
    fn steps_follow_each_other() {
        for threads in [1, 2, 3, 8, 20] {
            in_pool(threads, || {
                Team::gather(|team| {
                    let mut now: Vec<u64> = (0..40).collect();
                    let mut want = now.clone();
                    for step in 0..3000u64 {
                        let count = 1 + step as usize % 40;
                        let sum = |all: &[u64], i: usize| {
                            all.iter().fold(i as u64 + step, |s, v| s.wrapping_mul(3) ^ v)
                        };
                        let next = team.map((0..count).collect(), |i, item| {
                            assert_eq!(i, item);
                            sum(&now, i)
                        });
                        let next_wanted: Vec<u64> = (0..count).map(|i| sum(&want, i)).collect();
                        (now, want) = (next, next_wanted);
                        assert_eq!(now, want, "step {step}");
                    }
                });
            });
        }
    }

    #[test]
    fn every_thread_helps() {
        in_pool(3, || {
            Team::gather_for(usize::MAX, |team| {
                // No thread can do two of these pieces: each waits until all have begun.
                let met = std::sync::Barrier::new(3);
                for _ in 0..100 {
                    let mut who = team.map(vec![(); 3], |_, ()| {
                        met.wait();
                        rayon::current_thread_index()
                    });
                    who.sort();
                    assert_eq!(who, [Some(0), Some(1), Some(2)]);
                }
            });
        });
    }

    /// Helpers that leave at once, or join late, are not waited for.
    #[test]
    fn nobody_need_come() {
        for patience in [0, 1, 3] {
            in_pool(4, || {
                for _ in 0..200 {
                    let sums = Team::gather_for(patience, |team| {
                        [3, 5].map(|factor| team.map((0..50).collect(), |i, v: usize| factor * v + i))
                    });
                    let want = [3, 5].map(|factor| (0..50).map(|v| (factor + 1) * v).collect::<Vec<_>>());
                    assert_eq!(sums, want);
                }
            });
        }
    }

    /// Also where the caller has no piece left and only waits for it.
    #[test]
    fn a_step_within_a_last_piece_ends() {
        in_pool(2, || {
            Team::gather_for(usize::MAX, |team| {
                let met = std::sync::Barrier::new(2);
                for _ in 0..100 {
                    let caller = rayon::current_thread_index();
                    team.map(vec![(); 2], |_, ()| {
                        met.wait();
                        if rayon::current_thread_index() != caller {
                            while !team.now.load(SeqCst).eq(&closed()) {
                                std::hint::spin_loop();
                            }
                            assert_eq!(team.map(vec![1, 2, 3], |i, v: usize| i + v), [1, 3, 5]);
                        }
                    });
                }
            });
        });
    }

    #[test]
    fn a_step_within_a_piece_is_done_by_its_thread() {
        in_pool(3, || {
            Team::gather(|team| {
                let sums = team.map((0..20u64).collect(), |_, a| {
                    team.map((0..20).collect(), |_, b: u64| a * b).iter().sum::<u64>()
                });
                assert_eq!(sums, (0..20).map(|a| 190 * a).collect::<Vec<_>>());
            });
        });
    }

    /// A piece that panics takes down its caller, after all others have ended, and the pool serves the next.
    #[test]
    fn a_panic_reaches_the_caller() {
        in_pool(3, || {
            for bad in 0..30 {
                let begun = AtomicUsize::new(0);
                let ended = AtomicUsize::new(0);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    Team::gather(|team| {
                        team.map((0..30).collect(), |_, i: usize| {
                            begun.fetch_add(1, SeqCst);
                            let _end = AtEnd(|| {
                                ended.fetch_add(1, SeqCst);
                            });
                            assert!(i != bad, "a bad piece");
                        });
                    });
                }));
                // Whoever did it, this is why.
                let panic = result.unwrap_err();
                assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bad piece"));
                assert_eq!(begun.into_inner(), ended.into_inner());
            }
            assert_eq!(
                Team::gather(|team| team.map(vec![1, 2, 3], |_, v| 2 * v)),
                [2, 4, 6]
            );
        });
    }
}
