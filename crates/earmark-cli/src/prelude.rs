//! What nearly every command uses.

pub use crate::args::{
    Choice, Compute, DamagedArgs, DataArgs, DataSource, PrecisionArg, RecipeArgs, Source, Threads, choice,
};
pub use crate::console::Console;
pub use crate::names_and_lines::{fact, listed, model_name};
pub(crate) use crate::output;
pub use crate::output::{
    Measured, before_and_after, cautions, number_table, print, print_as, print_json, print_lines,
    print_written, shown,
};
pub(crate) use crate::remarks;
pub use crate::status::{Status, Stopped};
pub use anyhow::{Context, bail};
pub use clap::{Args, Subcommand};
pub use earmark_core::human::{human_amount, human_bytes, human_count, human_duration};
pub use earmark_core::text::one_line;
pub use serde_json::json;
pub use std::path::{Path, PathBuf};
