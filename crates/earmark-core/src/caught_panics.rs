//! Panics of one of many inputs, turned into errors so that the others are still processed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many calls of [`catch_panic`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Does work on one input. What the work shares with others must stand that it ends anywhere.
///
/// # Errors
///
/// Where it panics: what happened, in words.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let _inside = Inside::enter();
    // What half-done work leaves behind is the caller's to know: see above.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        format!(
            "a bug in earmark, or in a library that it uses, ended the work on it ({}); please report it",
            message(&*panic)
        )
    })
}

/// Keeps panics that [`catch_panic`] turns into errors off stderr: the error is what a user needs. With
/// `RUST_BACKTRACE` set they are shown all the same. For programs, once, at their start.
pub fn hide_caught_panics() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if DEPTH.get() == 0 || wants_backtraces() {
            show(info);
        }
    }));
}

/// Whether `RUST_BACKTRACE` asks for them.
pub fn wants_backtraces() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it does not say why")
}

/// While it lives, panics of this thread are caught.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        let number = 3;
        let formatted = catch_panic::<()>(|| panic!("frame {number}")).unwrap_err();
        assert!(formatted.contains("(frame 3)"), "{formatted}");
        let plain = catch_panic::<()>(|| panic!("plain")).unwrap_err();
        assert!(plain.contains("(plain)"), "{plain}");
        let other = catch_panic::<()>(|| panic::panic_any(7_u8)).unwrap_err();
        assert!(other.contains("(it does not say why)"), "{other}");
    }

    #[test]
    fn a_thread_knows_whether_its_panics_are_caught() {
        assert_eq!(DEPTH.get(), 0);
        let depth = catch_panic(|| catch_panic(|| DEPTH.get()));
        assert_eq!(depth, Ok(Ok(2)));
        let _ = catch_panic::<()>(|| panic!("out of both"));
        assert_eq!(DEPTH.get(), 0);
    }
}
