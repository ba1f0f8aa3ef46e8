//! Scratch memory that a training step takes and gives back, so that the next step allocates nothing.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hardware::simd::Isa;
use crate::hardware::team::Team;

/// One cache line; vectors of it are aligned to 64 bytes, so that no vector load straddles two lines.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

/// Idle buffers of one length.
struct Idle {
    lines: usize,
    buffers: Vec<Vec<Line>>,
}

/// The idle buffers of a workspace, and how much memory it has, in lines.
#[derive(Default)]
struct Pool {
    /// In the order of their lengths. Steps take hundreds of lengths, thousands of times, so that looking at each would show.
    idle: Vec<Idle>,
    idle_lines: usize,
    used_lines: usize,
    /// The most that was ever in use at once.
    peak_lines: usize,
}

impl Pool {
    /// The first place for buffers of `lines` lines or more.
    fn place(&self, lines: usize) -> usize {
        self.idle.partition_point(|idle| idle.lines < lines)
    }

    /// A buffer that is used from now on. The tightest fit, if it wastes little; of these the one that was used last, which may
    /// still be in the cache.
    fn pop(&mut self, lines: usize) -> Option<Vec<Line>> {
        let (first, most) = (self.place(lines), 2 * lines + 64);
        let mut fits = self.idle[first..]
            .iter_mut()
            .take_while(|idle| idle.lines <= most);
        let found = fits.find_map(|idle| idle.buffers.pop())?;
        self.idle_lines -= found.len();
        self.uses(found.len());
        Some(found)
    }

    /// Counts a buffer of `lines` lines as used.
    fn uses(&mut self, lines: usize) {
        self.used_lines += lines;
        self.peak_lines = self.peak_lines.max(self.used_lines);
    }

    /// Takes out idle buffers, the shortest first, as long as there is more memory than twice what was in use at once: inputs
    /// that grow would leave all that they have outgrown.
    fn surplus(&mut self) -> Vec<Vec<Line>> {
        let mut surplus = Vec::new();
        while self.used_lines + self.idle_lines > 2 * self.peak_lines {
            let Some(idle) = self.idle.first_mut() else { break };
            match idle.buffers.pop() {
                Some(buffer) => {
                    self.idle_lines -= buffer.len();
                    surplus.push(buffer);
                }
                None => drop(self.idle.remove(0)),
            }
        }
        surplus
    }

    /// Takes back a buffer that is not used any more.
    fn push(&mut self, buffer: Vec<Line>) {
        let (lines, at) = (buffer.len(), self.place(buffer.len()));
        self.used_lines -= lines;
        self.idle_lines += lines;
        match self.idle.get_mut(at) {
            Some(idle) if idle.lines == lines => idle.buffers.push(buffer),
            _ => {
                let buffers = vec![buffer];
                self.idle.insert(at, Idle { lines, buffers });
            }
        }
    }
}

/// The instruction set and the pool of reusable buffers that operations run with.
///
/// Cheap to clone; clones share the pool. It grows to twice the most memory that was ever in use at
/// once and keeps it until [`Workspace::clear`] or until the last clone is dropped.
#[derive(Clone)]
pub struct Workspace {
    isa: Isa,
    /// Fewest pieces of work that one thread does in a row.
    pub(crate) grain: usize,
    /// The threads that do short steps together, where there are some.
    team: Option<Arc<Team>>,
    pool: Arc<Mutex<Pool>>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("isa", &self.isa)
            .field("idle_bytes", &self.idle_bytes())
            .finish()
    }
}

impl Workspace {
    /// An empty workspace for the fastest instruction set of this processor.
    pub fn new() -> Self {
        Self::with_isa(Isa::detect())
    }

    /// An empty workspace for a given instruction set: tests compare them.
    pub fn with_isa(isa: Isa) -> Self {
        Self {
            isa,
            grain: 1,
            team: None,
            pool: Arc::default(),
        }
    }

    /// The same workspace for operations that shall stay on the calling thread, because the caller's
    /// own work is already spread over all of them. Results are the same, bit for bit.
    pub fn serial(&self) -> Self {
        Self {
            grain: usize::MAX,
            team: None,
            ..self.clone()
        }
    }

    /// Does `work` with the same workspace for many short operations: threads wait for one after the other instead of
    /// being woken for each. Results are the same, bit for bit.
    pub(crate) fn with_team<R: Send>(&self, work: impl FnOnce(&Self) -> R + Send) -> R {
        Team::gather(|team| {
            work(&Self {
                team: Some(team),
                ..self.clone()
            })
        })
    }

    /// The threads of [`Workspace::with_team`].
    pub(crate) fn team(&self) -> Option<&Team> {
        self.team.as_deref()
    }

    /// Whether operations stay on the calling thread.
    pub(crate) fn is_serial(&self) -> bool {
        self.grain == usize::MAX
    }

    /// The instruction set that operations run with.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// A buffer of `len` numbers whose values are unspecified (left over from an earlier use).
    pub fn take(&self, len: usize) -> Buffer {
        let lines = len.div_ceil(LINE);
        let found = lock(&self.pool).pop(lines);
        let data = found.unwrap_or_else(|| {
            let mut pool = lock(&self.pool);
            pool.uses(lines);
            let surplus = pool.surplus();
            // Freed while others may take buffers.
            drop(pool);
            drop(surplus);
            vec![Line([0.0; LINE]); lines]
        });
        Buffer {
            data,
            len,
            home: Arc::clone(&self.pool),
        }
    }

    /// A buffer of `len` zeros.
    pub fn zeroed(&self, len: usize) -> Buffer {
        let mut buffer = self.take(len);
        buffer.fill(0.0);
        buffer
    }

    /// Unused bytes in the pool.
    pub fn idle_bytes(&self) -> usize {
        lock(&self.pool).idle_lines * size_of::<Line>()
    }

    /// Frees the buffers that are not in use.
    pub fn clear(&self) {
        let mut pool = lock(&self.pool);
        pool.idle_lines = 0;
        pool.peak_lines = pool.used_lines;
        let idle = std::mem::take(&mut pool.idle);
        drop(pool);
        drop(idle);
    }
}

/// A pool is whole also where a thread panicked that held it.
fn lock(pool: &Mutex<Pool>) -> MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slice of numbers, aligned to 64 bytes, that returns to its [`Workspace`] when dropped.
pub struct Buffer {
    data: Vec<Line>,
    len: usize,
    home: Arc<Mutex<Pool>>,
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        lock(&self.home).push(std::mem::take(&mut self.data));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        debug_assert!(self.len <= self.data.len() * LINE);
        // SAFETY: `Line` is `repr(C)` and exactly sixteen f32 without padding, `data` holds
        // `len.div_ceil(16)` or more of them, all initialised.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<f32>(), self.len) }
    }
}

impl Buffer {
    /// The same memory as words of 32 bits.
    pub(crate) fn words(&self) -> &[u32] {
        let values = &**self;
        // SAFETY: both are four bytes with the same alignment, and every pattern of bits is a word.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u32>(), values.len()) }
    }

    /// The same, to write.
    pub(crate) fn words_mut(&mut self) -> &mut [u32] {
        let values = &mut **self;
        // SAFETY: as in `words`, and every pattern of bits is a number; the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u32>(), values.len()) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        debug_assert!(self.len <= self.data.len() * LINE);
        // SAFETY: as in `deref`; the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_mut_ptr().cast::<f32>(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Buffers for inputs of these lengths, one after the other, as a pass takes them; the most memory at once, in lines.
    fn most(lengths: impl IntoIterator<Item = usize>) -> usize {
        let ws = Workspace::new();
        let held = lengths.into_iter().map(|length| {
            let pass = [1, 3, 2].map(|factor| ws.take(factor * length * LINE));
            let pool = lock(&ws.pool);
            let held = pool.used_lines + pool.idle_lines;
            drop(pool);
            drop(pass);
            held
        });
        held.max().unwrap_or(0)
    }

    /// Inputs that grow leave what they have outgrown, in whatever order they come.
    #[test]
    fn memory_follows_what_is_used_at_once() {
        let lengths = 100..700;
        let once = 6 * 699;
        for held in [
            most(lengths.clone()),
            most(lengths.clone().rev()),
            most(lengths.clone().map(|length| 100 + (length * 7919) % 600)),
        ] {
            // Twice the most at once, where some use a buffer that is longer than they need.
            assert!(held <= 3 * once, "{held} lines where {once} are used at once");
        }
        assert_eq!(most([699, 699, 699]), once);
    }

    #[test]
    fn what_is_counted_is_what_is_there() {
        let ws = Workspace::new();
        for length in [1, 40, 7, 900, 3000, 41, 2999, 8] {
            let (one, other) = (ws.take(length), ws.take(2 * length));
            drop(one);
            let pool = lock(&ws.pool);
            let there = pool.idle.iter().map(|idle| idle.lines * idle.buffers.len());
            assert_eq!(there.sum::<usize>(), pool.idle_lines);
            assert_eq!(pool.used_lines, other.data.len());
        }
        ws.clear();
        assert_eq!(ws.idle_bytes(), 0);
        assert_eq!(lock(&ws.pool).peak_lines, 0);
    }
}
