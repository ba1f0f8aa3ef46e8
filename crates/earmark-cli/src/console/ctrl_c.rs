//! Ctrl-C and SIGTERM: the first one stops the work, a second one ends the program.

use super::Console;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

impl Console {
    /// A flag that Ctrl-C and SIGTERM set; a second one that comes later ends the program at once.
    pub fn stop_flag(&self) -> anyhow::Result<Arc<AtomicBool>> {
        let mut state = self.lock();
        if let Some(stop) = &state.stop {
            return Ok(Arc::clone(stop));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, console) = (Arc::clone(&stop), self.clone());
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || {
            if let Some(first) = first {
                if is_another(first.elapsed()) {
                    std::process::exit(130);
                }
                return;
            }
            first = Some(Instant::now());
            flag.store(true, Ordering::SeqCst);
            // In a thread of its own: a terminal that blocks must not delay the second Ctrl-C.
            let console = console.clone();
            let printing = std::thread::Builder::new().spawn(move || console.stopping());
            drop(printing); // without a thread nothing is printed; the work stops all the same
        })?;
        state.stop = Some(Arc::clone(&stop));
        Ok(stop)
    }

    /// Removes the bar for good: what remains is short, and is printed as lines. (By now the terminal has echoed `^C` behind the bar,
    /// on a line of its own, which is the one that is cleared.)
    fn stopping(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.progress.clear();
        state
            .progress
            .line("stopping after the current work; press Ctrl-C again to stop at once");
    }
}

/// Whether a signal so long after the first one is a second request rather than an echo: `timeout` and others that end programs signal
/// the process and then its group, so that one request comes twice.
fn is_another(since: Duration) -> bool {
    since >= Duration::from_millis(250)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_of_a_signal_is_not_a_second_one() {
        assert!(!is_another(Duration::ZERO) && !is_another(Duration::from_millis(100)));
        assert!(is_another(Duration::from_millis(300)));
    }
}
