//! Decoders that panic on hostile data: their panic becomes a fault of the file.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::{Fault, FilePosition};

thread_local! {
    /// Whether a panic of this thread becomes a fault.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs decoder code that may panic on hostile data, and makes a panic a fault. Whatever the panic left half done must not be
/// used again.
///
/// The panic is not printed: the fault says all that a user needs. For that, the first call puts a panic hook before the one
/// that is installed, which passes on all panics that are not caught here.
pub(crate) fn guard<T>(here: FilePosition, run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(hide_guarded_panics);
    let outer = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_GUARDED.set(outer);
    result.unwrap_or_else(|panic| {
        let reason = format!("its decoder failed (a panic: {})", message(&*panic));
        Err(Fault::corrupt(reason, here))
    })
}

fn hide_guarded_panics() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_guarded = IS_GUARDED.try_with(Cell::get).unwrap_or(false);
        if !is_guarded || std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            show(info);
        }
    }));
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it does not say why")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_with_its_message() {
        let here = FilePosition::Byte(9);
        assert_eq!(guard(here, || Ok(3)).unwrap(), 3);
        let index = 7;
        let fault = guard::<()>(here, || panic!("no entry {index}")).unwrap_err();
        let text = fault.to_string();
        assert!(
            text.contains("at byte 9") && text.contains("(a panic: no entry 7)"),
            "{text}"
        );
        let fault = guard::<()>(here, || panic::panic_any(1_u8)).unwrap_err();
        assert!(fault.to_string().contains("it does not say why"), "{fault}");
    }

    #[test]
    fn a_thread_is_guarded_only_inside() {
        let here = FilePosition::Byte(0);
        assert!(!IS_GUARDED.get());
        let inner = guard(here, || {
            let inner = guard::<()>(here, || panic!("deep"));
            assert!(IS_GUARDED.get(), "still inside of the outer one");
            Ok(inner.is_err())
        });
        assert!(inner.unwrap());
        assert!(!IS_GUARDED.get());
    }
}
