//! What is said at the end about recordings that were used: those of which a part is missing, and those that contradict
//! themselves.

use crate::console::Console;
use earmark::inference::{Skips, grouped_notes};

/// Names each damaged recording, even when quiet, and sums up the notes.
pub fn say(damaged: &Skips, notes: &Skips, console: &Console) {
    for (file, what) in damaged {
        console.damaged(file, what);
    }
    for line in grouped_notes(notes) {
        console.note(line);
    }
}
