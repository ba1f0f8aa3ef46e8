//! What is printed of a panic.

use earmark_core::caught_panics::{hide_caught_panics, wants_backtraces};
use std::hint::black_box;
use std::io::Write;
use std::panic;

/// What a backtrace takes, and more: the program's own table of lines is read for it.
const ROOM: usize = 128 << 20;

/// Keeps panics that cost one recording off stderr, and leaves out the backtrace of any other where memory is short: an
/// allocation that fails within a backtrace waits for ever, in the standard library, for the lock of that same
/// backtrace.
pub fn set_up() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !wants_backtraces() || has_room(ROOM) {
            return show(info);
        }
        // A full disk behind stderr changes nothing.
        let _ = writeln!(
            std::io::stderr(),
            "{info}\n(no backtrace: there is too little memory for it)"
        );
    }));
    hide_caught_panics();
}

/// Whether this number of bytes can be allocated now.
fn has_room(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let found = room.try_reserve_exact(bytes).is_ok();
    // Else nothing would be allocated at all.
    black_box(&room);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_looked_for() {
        assert!(has_room(1 << 10));
        assert!(!has_room(usize::MAX / 4));
    }
}
