//! A hook for tests: moments at which the process may die.
//!
//! [`crash_point`] names these moments. The environment variable `EARMARK_CRASH_AT=point:N` makes the process kill itself at the
//! N-th pass of that point: by `kill -9` on Unix, by aborting elsewhere. Either way nothing is flushed or dropped. Without the
//! variable, a point costs one atomic load. The variable is read once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The point that the test hook names, and the pass at which to end.
fn crash_plan() -> Option<&'static (String, u64)> {
    static PLAN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    PLAN.get_or_init(|| {
        let value = std::env::var("EARMARK_CRASH_AT").ok()?;
        let (point, pass) = value.rsplit_once(':')?;
        Some((point.to_owned(), pass.parse().ok()?))
    })
    .as_ref()
}

/// Whether the test hook names this point: where a file grows by one write, a test wants it in two.
pub fn crash_point_is_set(name: &str) -> bool {
    crash_plan().is_some_and(|(point, _)| point == name)
}

/// A moment at which a test may kill the process, at the N-th pass by `EARMARK_CRASH_AT=NAME:N`: by `kill -9` on Unix, by aborting
/// elsewhere. Does nothing otherwise.
pub fn crash_point(name: &str) {
    static PASSES: AtomicU64 = AtomicU64::new(0);
    if let Some((point, pass)) = crash_plan()
        && point == name
        && PASSES.fetch_add(1, Ordering::SeqCst) + 1 == *pass
    {
        #[cfg(unix)]
        // The real signal, which no handler sees. Where there is no `kill`, aborting comes nearest.
        if std::process::Command::new("kill")
            .args(["-9", &std::process::id().to_string()])
            .status()
            .is_ok_and(|status| status.success())
        {
            loop {
                // It is on its way.
                std::thread::park();
            }
        }
        std::process::abort();
    }
}
