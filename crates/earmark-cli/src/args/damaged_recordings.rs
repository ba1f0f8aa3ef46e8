//! `--damaged`: what becomes of recordings of which a part is missing or damaged.

use super::{Choice, choice};
use clap::Args;
use earmark::audio::Damaged;
use earmark::data::{DamagedFiles, DataOptions, ReadAs};

const CHOICES: &[Choice<DamagedFiles>] = &[
    (
        "refuse",
        "Skip them, with what could be saved",
        DamagedFiles::Refuse,
    ),
    (
        "salvage",
        "Use what is whole and list what is missing (exit code 2)",
        DamagedFiles::Salvage,
    ),
];

/// What becomes of damaged recordings.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DamagedArgs {
    /// Damaged or cut recordings: refuse them, or salvage what is whole and list what is missing (exit code 2); default: salvage for tag,
    /// listen, predict, embed and index add, else refuse
    #[arg(long, value_name = "refuse|salvage", value_parser = choice(CHOICES), hide_possible_values = true)]
    pub damaged: Option<DamagedFiles>,
}

impl DamagedArgs {
    /// The options of a data folder with what is said here.
    pub fn over(self, options: DataOptions) -> DataOptions {
        DataOptions {
            damaged: self.damaged.unwrap_or(options.damaged),
            ..options
        }
    }

    /// What a command line says of a data folder with what is said here.
    pub fn with(self, read: ReadAs) -> ReadAs {
        ReadAs {
            damaged: self.damaged,
            ..read
        }
    }

    /// Changes to a recipe with what is said here, last.
    pub fn after(self, mut overrides: Vec<String>) -> Vec<String> {
        overrides.extend(self.damaged.map(|damaged| {
            let value = match damaged {
                DamagedFiles::Refuse => "refuse",
                DamagedFiles::Salvage => "salvage",
            };
            format!("data.damaged=\"{value}\"")
        }));
        overrides
    }

    /// What is said here, or this.
    pub fn unwrap_or(self, default: DamagedFiles) -> Damaged {
        self.damaged.unwrap_or(default).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_replaces_what_the_recipe_says() {
        let salvage = DamagedArgs {
            damaged: Some(DamagedFiles::Salvage),
        };
        let nothing = DamagedArgs::default();
        let options = salvage.over(DataOptions::default());
        assert_eq!(options.damaged, DamagedFiles::Salvage);
        assert_eq!(nothing.over(options.clone()), options);
        assert_eq!(nothing.after(vec!["a=1".into()]), ["a=1"]);
        assert_eq!(salvage.after(vec![]), ["data.damaged=\"salvage\""]);
        assert_eq!(nothing.unwrap_or(DamagedFiles::Refuse), Damaged::Refuse);
    }
}
