//! Notes: what a reader must know before believing the numbers, or should fix.

use maud::{Markup, html};

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoteLevel {
    /// Good to know.
    #[default]
    Info,
    /// Read the numbers with care.
    Caution,
    /// Something is wrong.
    Problem,
}

impl NoteLevel {
    /// CSS class, and the word in front of the note: colour alone does not reach every reader.
    fn class_and_word(self) -> (&'static str, &'static str) {
        match self {
            Self::Info => ("info", "Note"),
            Self::Caution => ("caution", "Caution"),
            Self::Problem => ("problem", "Problem"),
        }
    }
}

/// A note on a page, or one finding of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageNote {
    /// How much it matters.
    pub level: NoteLevel,
    /// File or table that it is about; may be empty.
    pub file: String,
    /// The note, a sentence.
    pub text: String,
    /// What to do about it; may be empty.
    pub remedy: String,
}

impl PageNote {
    /// A note about the page as a whole.
    pub fn new(level: NoteLevel, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
            ..Self::default()
        }
    }
}

/// Notes as a list, the word for their level in front.
pub(super) fn notes(notes: &[PageNote]) -> Markup {
    html! {
        @if !notes.is_empty() {
            ul.notes {
                "\n" @for PageNote { level, file, text, remedy } in notes {
                    @let (class, word) = level.class_and_word();
                    li class=(class) {
                        b { (word) } @if !file.is_empty() { (file) ": " } (text)
                        @if !remedy.is_empty() { span.fix { (remedy) } }
                    } "\n"
                }
            } "\n"
        }
    }
}
