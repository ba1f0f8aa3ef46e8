//! Arguments that several commands share.

mod damaged_recordings;
mod data_folder;
mod device_and_threads;
mod event_rules;
mod numbers;
mod set_overrides_and_earmark_set;
mod shard;
mod time_and_place;

pub use damaged_recordings::DamagedArgs;
pub use data_folder::{DataArgs, DataSource};
pub use device_and_threads::{Compute, PrecisionArg, Threads, threads};
pub use event_rules::{EventArgs, TAG_FORMATS};
pub use numbers::{count_to, finite, finite_f32};
pub use set_overrides_and_earmark_set::RecipeArgs;
pub use shard::{Asked, ShardArgs, TrainingShardArgs, command_of_shards, sum_up_command};
pub use time_and_place::TimeAndPlaceArgs;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use earmark::inference::tag::inputs::recordings_of_table;
use std::path::PathBuf;

/// A value of a closed set: its name on the command line, its help, and itself.
pub type Choice<T> = (&'static str, &'static str, T);

/// Parses a value of a closed set.
pub fn choice<T: Copy + Send + Sync + 'static>(
    choices: &'static [Choice<T>],
) -> impl TypedValueParser<Value = T> {
    let names = choices
        .iter()
        .map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(names).map(|chosen| {
        let found = choices.iter().find(|(name, ..)| *name == chosen);
        found.expect("one of the names").2
    })
}

/// Recordings to score.
#[derive(Args)]
pub struct Source {
    /// A data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Subset of the data folder; default: test, if there is one
    #[arg(long, alias = "part")]
    pub subset: Option<String>,
    /// Audio files, or folders (all audio in them, recursively); also addresses such as s3://bucket/in
    #[arg(long, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Table (CSV or Parquet) that names recordings: paths, relative to its folder, or addresses in a column file or url
    #[arg(long, value_name = "TABLE", num_args = 1)]
    pub from: Vec<PathBuf>,
}

impl Source {
    /// Whether recordings are named, by themselves or in a table.
    pub fn names_files(&self) -> bool {
        !self.files.is_empty() || !self.from.is_empty()
    }

    /// The recordings and folders that are named, with the recordings of tables.
    pub fn recordings(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut all = self.files.clone();
        for table in &self.from {
            all.extend(recordings_of_table(table)?);
        }
        Ok(all)
    }
}
