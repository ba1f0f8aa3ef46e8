//! Scratch memory that a training step takes and gives back, so that the next step allocates nothing.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

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

/// Idle buffers in the order of their lengths. Steps take hundreds of lengths, thousands of times, so that looking at each would show.
type Pool = Mutex<Vec<Idle>>;

/// The first place in the pool for buffers of `lines` lines or more.
fn place(pool: &[Idle], lines: usize) -> usize {
    pool.partition_point(|idle| idle.lines < lines)
}

/// The instruction set and the pool of reusable buffers that operations run with.
///
/// Cheap to clone; clones share the pool. It grows to the most memory that was ever in use at
/// once and keeps it until [`Workspace::clear`] or until the last clone is dropped.
#[derive(Clone)]
pub struct Workspace {
    isa: Isa,
    /// Fewest pieces of work that one thread does in a row.
    pub(crate) grain: usize,
    /// The threads that do short steps together, where there are some.
    team: Option<Arc<Team>>,
    pool: Arc<Pool>,
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
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // The tightest fit, if it wastes little; of these the one that was used last, which may still be in the cache.
        let (first, most) = (place(&pool, lines), 2 * lines + 64);
        let mut fits = pool[first..].iter_mut().take_while(|idle| idle.lines <= most);
        let found = fits.find_map(|idle| idle.buffers.pop());
        drop(pool);
        let data = found.unwrap_or_else(|| vec![Line([0.0; LINE]); lines]);
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
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = pool.iter().map(|idle| idle.lines * idle.buffers.len());
        lines.sum::<usize>() * size_of::<Line>()
    }

    /// Frees the buffers that are not in use.
    pub fn clear(&self) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A slice of numbers, aligned to 64 bytes, that returns to its [`Workspace`] when dropped.
pub struct Buffer {
    data: Vec<Line>,
    len: usize,
    home: Arc<Pool>,
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        let data = std::mem::take(&mut self.data);
        let (lines, at) = (data.len(), place(&home, data.len()));
        match home.get_mut(at) {
            Some(idle) if idle.lines == lines => idle.buffers.push(data),
            _ => home.insert(
                at,
                Idle {
                    lines,
                    buffers: vec![data],
                },
            ),
        }
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
