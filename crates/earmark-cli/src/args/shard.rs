//! `--shard`: one of N parts of an archive, for job arrays.

use super::{DamagedArgs, DataArgs, PrecisionArg, Source};
use crate::given;
use clap::Args;
use earmark::inference::shards::{Shard, model_hashes};
use earmark_core::text;
use std::path::PathBuf;

/// Which part of the recordings.
#[derive(Args, Clone, Debug, Default)]
pub struct ShardArgs {
    /// Only process shard K of N of the recordings; auto: K and N of the job array (Slurm, Grid Engine; PBS and
    /// Kubernetes with EARMARK_SHARDS=N). `earmark merge` then makes the output of all shards
    #[arg(long, value_name = "K/N|auto")]
    pub shard: Option<String>,
}

impl ShardArgs {
    /// The shard, if one is asked for.
    pub fn shard(&self) -> anyhow::Result<Option<Shard>> {
        parse(self.shard.as_deref())
    }
}

/// Which of the folds or trials.
#[derive(Args, Clone, Debug, Default)]
pub struct TrainingShardArgs {
    /// Only train shard K of N of the folds or trials, resuming each; auto: K and N of the job array, as for tag. The
    /// same command without --shard and with --resume then sums up
    #[arg(long, value_name = "K/N|auto", requires = "run")]
    pub shard: Option<String>,
}

impl TrainingShardArgs {
    /// The shard, if one is asked for.
    pub fn shard(&self) -> anyhow::Result<Option<Shard>> {
        parse(self.shard.as_deref())
    }
}

fn parse(text: Option<&str>) -> anyhow::Result<Option<Shard>> {
    let get = |name: &str| std::env::var(name).ok();
    let shard = text.map(|text| Shard::parse(text, &get));
    Ok(shard.transpose()?)
}

/// The command line that sums up what the shards of this one have trained.
pub fn sum_up_command() -> String {
    let mut words = command_of_shards();
    if !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_owned());
    }
    text::command_line(&words)
}

/// The command line of this process without `--shard`: with another shard, it makes that one.
pub fn command_of_shards() -> Vec<String> {
    without_shard(given::words().into_iter().skip(1))
}

fn without_shard(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut words = vec!["earmark".to_owned()];
    let mut is_value = false;
    for word in arguments {
        if is_value {
            is_value = false;
        } else if word == "--shard" {
            is_value = true;
        } else if !word.starts_with("--shard=") {
            words.push(word);
        }
    }
    words
}

/// What a command that scores recordings was asked, as far as results depend on it.
pub struct Asked<'a> {
    /// The command.
    pub command: &'static str,
    /// Its models.
    pub models: &'a [String],
    /// Its recordings, and how they are read.
    pub source: &'a Source,
    pub read: &'a DataArgs,
    pub damaged: DamagedArgs,
    /// Its device.
    pub device: &'a str,
    /// What its models score in.
    pub precision: PrecisionArg,
}

impl Asked<'_> {
    /// The settings that all shards have in common, by the names of their flags; only those that are given.
    pub fn settings(&self) -> anyhow::Result<Vec<(String, String)>> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let files: Vec<_> = self
            .source
            .files
            .iter()
            .map(|file| file.to_string_lossy())
            .collect();
        let tables: Vec<_> = self
            .source
            .from
            .iter()
            .map(|table| table.to_string_lossy())
            .collect();
        let damaged = self
            .damaged
            .damaged
            .map(|damaged| format!("{damaged:?}").to_lowercase());
        let (read, source) = (self.read, self.source);
        let pairs = [
            ("earmark", Some(earmark_core::VERSION.to_owned())),
            ("the command", Some(self.command.to_owned())),
            ("the model", Some(model_hashes(self.models)?)),
            ("--data", path(&source.data).filter(|_| !source.names_files())),
            ("--subset", source.subset.clone()),
            ("--files", (!files.is_empty()).then(|| files.join(" "))),
            ("--from", (!tables.is_empty()).then(|| tables.join(" "))),
            ("--layout", read.layout.clone()),
            ("--table", path(&read.table)),
            ("--file-column", read.file_column.clone()),
            ("--label-column", read.label_column.clone()),
            ("--fold-column", read.fold_column.clone()),
            ("--group-column", read.group_column.clone()),
            ("--subset-column", read.subset_column.clone()),
            ("--label-separator", read.label_separator.clone()),
            ("--damaged", damaged),
            ("--device", Some(self.device.to_owned())),
            ("--precision", self.precision.setting(self.device)?),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Ok(given.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_another_shard_has_all_but_the_shard() {
        for given in ["tag in --shard 3/5 -o x.csv", "tag in -o x.csv --shard=auto"] {
            let words = without_shard(given.split(' ').map(str::to_owned));
            assert_eq!(words, ["earmark", "tag", "in", "-o", "x.csv"], "{given}");
        }
    }
}
