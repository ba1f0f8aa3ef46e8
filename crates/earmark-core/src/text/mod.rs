//! Words for shells, and names near a mistyped one.

mod mistyped_names;
mod shell_words;

pub use mistyped_names::suggest;
pub use shell_words::{command_line, quote};
