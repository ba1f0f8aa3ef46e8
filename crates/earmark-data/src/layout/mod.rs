//! From a data folder to a [`DataSet`](crate::DataSet): five layouts, recognised or named.
//!
//! Loading reads tables and checks that the files exist; it opens no audio. Every layout is a file that implements the trait
//! in `interface` and a line in `recognise_layout`; all give the same plain rows, which `load` checks.

mod apply_corrections;
mod audio_files;
mod csv;
mod esc50;
mod folders;
mod fsdkaggle;
mod interface;
pub(crate) mod kind;
mod load;
mod options;
mod recognise_layout;

pub use audio_files::{AUDIO_EXTENSIONS, is_audio_name};
pub use kind::LayoutKind;
pub use load::load;
pub use options::{DataOptions, MissingFiles};
pub use recognise_layout::recognise;
