//! Words for shells, terminals and spreadsheets, names near a mistyped one, one form of accented letters, and errors with
//! their causes.

mod causes;
mod composed;
mod letters_and_digits;
mod mistyped_names;
mod shell_words;
mod spreadsheet_safe;
mod terminal_safe;

pub use causes::with_causes;
pub use composed::composed;
pub use letters_and_digits::letters_and_digits;
pub use mistyped_names::{suggest, with_nearest_variant};
pub use shell_words::{command_line, quote};
pub use spreadsheet_safe::spreadsheet_text;
pub use terminal_safe::{one_line, visible, visible_json};
