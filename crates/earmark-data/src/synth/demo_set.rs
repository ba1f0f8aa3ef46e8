//! The demo set: which clips there are, what is in them, and their tables.
//!
//! [`write_demo`] makes 210 clips of ten kinds of sound in the layout of FSDKaggle2019: a curated subset, a noisy subset
//! in which 30 % of the labels are wrong, and a test subset whose labels are in `test_post_competition.csv`. Each clip
//! has one or two of the sounds at random pitch, level and place over a faint background, so that a network
//! masters the task in minutes, and a threshold does not. Every byte follows from the seed, on any platform and number of threads.

use std::fs;
use std::path::{Path, PathBuf};

use earmark_core::atomic::{self, WriteError};
use earmark_core::random::{self, ChaCha8Rng, Purpose};

use super::demo_clip;
use super::demo_sound::{DemoSound, SAMPLE_RATE_HZ};
use super::write_wav::write_wav;
use crate::scan::{OnProgress, scan};

/// The share of wrong labels in the noisy subset.
pub const WRONG_LABEL_SHARE: f64 = 0.3;

/// A subset of the demo set: its folder, table and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subset {
    Curated,
    Noisy,
    Test,
}

impl Subset {
    const ALL: [Self; 3] = [Self::Curated, Self::Noisy, Self::Test];

    fn folder(self) -> &'static str {
        match self {
            Self::Curated => "train_curated",
            Self::Noisy => "train_noisy",
            Self::Test => "test",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Curated => "train_curated.csv",
            Self::Noisy => "train_noisy.csv",
            Self::Test => "test_post_competition.csv",
        }
    }

    fn clips(self) -> usize {
        match self {
            Self::Curated => 110,
            Self::Noisy | Self::Test => 50,
        }
    }
}

/// What [`write_demo`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoSet {
    /// The folder with the tables and the audio.
    pub root: PathBuf,
    /// The names of the classes, in alphabetical order.
    pub classes: Vec<String>,
    /// Number of clips in the curated subset.
    pub curated: usize,
    /// Number of clips in the noisy subset.
    pub noisy: usize,
    /// Number of wrong labels in the noisy subset.
    pub wrong_labels: usize,
    /// Number of clips in the test subset.
    pub test: usize,
}

/// One clip of the set: its name, what is in it, and what its table says.
struct PlannedClip {
    subset: Subset,
    file: String,
    truth: Vec<DemoSound>,
    labels: Vec<DemoSound>,
}

/// Writes the demo set of `seed` below `root`, which is created if needed; files of the same names are replaced.
///
/// `progress` is called with the clips done and the clips in total, from any thread. The tables are written last: once
/// they exist, the audio is complete.
///
/// # Errors
///
/// When a folder or file cannot be written.
pub fn write_demo(root: &Path, seed: u64, progress: &OnProgress<'_>) -> Result<DemoSet, WriteError> {
    let entries = plan(seed);
    for subset in Subset::ALL {
        let folder = root.join(subset.folder());
        fs::create_dir_all(&folder).map_err(|error| WriteError::new(&folder, error))?;
    }
    let indices: Vec<usize> = (0..entries.len()).collect();
    let written = scan(&indices, progress, |&index| {
        let entry = &entries[index];
        let mut rng = random::stream(seed, &[Purpose::Synth as u64, 1, index as u64]);
        let samples = demo_clip::render(&entry.truth, &mut rng);
        let path = root.join(entry.subset.folder()).join(&entry.file);
        write_wav(&path, &samples, SAMPLE_RATE_HZ)
    });
    written.into_iter().collect::<Result<(), WriteError>>()?;
    for subset in Subset::ALL {
        write_table(root, subset, &entries)?;
    }
    write_sample_submission(root, &entries)?;
    let wrong = |entry: &PlannedClip| {
        let labels = entry.labels.iter();
        labels.filter(|label| !entry.truth.contains(label)).count()
    };
    Ok(DemoSet {
        root: root.to_path_buf(),
        classes: DemoSound::ALL.map(|sound| sound.name().to_owned()).to_vec(),
        curated: Subset::Curated.clips(),
        noisy: Subset::Noisy.clips(),
        wrong_labels: entries.iter().map(wrong).sum(),
        test: Subset::Test.clips(),
    })
}

/// Decides every clip's content and labels; rendering comes later and in parallel.
fn plan(seed: u64) -> Vec<PlannedClip> {
    let mut rng = random::stream(seed, &[Purpose::Synth as u64, 0]);
    let mut entries = Vec::new();
    for subset in Subset::ALL {
        let first = entries.len();
        for index in 0..subset.clips() {
            // The main sounds take turns, so that every subset has every class.
            let main = DemoSound::ALL[index % DemoSound::ALL.len()];
            let mut truth = vec![main];
            if random::chance(&mut rng, 0.35) {
                truth.push(other_sound(&truth, &mut rng));
            }
            truth.sort();
            let file = format!("{:08x}.wav", file_number(seed, subset, index));
            entries.push(PlannedClip {
                subset,
                file,
                labels: truth.clone(),
                truth,
            });
        }
        if subset == Subset::Noisy {
            spoil_labels(&mut entries[first..], &mut rng);
        }
        // As in the published tables, the names are sorted and say nothing about the class.
        entries[first..].sort_by(|a, b| a.file.cmp(&b.file));
    }
    entries
}

/// A number that no other clip of the set has: the low bits count, the high ones are random.
fn file_number(seed: u64, subset: Subset, index: usize) -> u32 {
    let mut rng = random::stream(seed, &[Purpose::Synth as u64, 2, subset as u64, index as u64]);
    let random = random::below(&mut rng, 1 << 22) as u32;
    let unique = (subset as u32) << 8 | index as u32;
    random << 10 | unique
}

fn other_sound(present: &[DemoSound], rng: &mut ChaCha8Rng) -> DemoSound {
    let mut others = DemoSound::ALL.to_vec();
    others.retain(|sound| !present.contains(sound));
    others[random::below(rng, others.len())]
}

/// Replaces [`WRONG_LABEL_SHARE`] of the labels with sounds that are not in the clip.
fn spoil_labels(entries: &mut [PlannedClip], rng: &mut ChaCha8Rng) {
    let mut slots: Vec<(usize, usize)> = Vec::new();
    for (clip, entry) in entries.iter().enumerate() {
        slots.extend((0..entry.labels.len()).map(|slot| (clip, slot)));
    }
    random::shuffle(rng, &mut slots);
    let wrong = (slots.len() as f64 * WRONG_LABEL_SHARE).round() as usize;
    for &(clip, slot) in &slots[..wrong] {
        let entry = &mut entries[clip];
        let mut present = entry.truth.clone();
        present.extend(&entry.labels);
        entry.labels[slot] = other_sound(&present, rng);
    }
    for entry in entries {
        entry.labels.sort();
    }
}

fn write_table(root: &Path, subset: Subset, entries: &[PlannedClip]) -> Result<(), WriteError> {
    atomic::write(&root.join(subset.table()), |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["fname", "labels"])?;
        for entry in entries.iter().filter(|entry| entry.subset == subset) {
            let names: Vec<&str> = entry.labels.iter().map(|label| label.name()).collect();
            table.write_record([entry.file.as_str(), &names.join(",")])?;
        }
        table.flush()
    })
}

fn write_sample_submission(root: &Path, entries: &[PlannedClip]) -> Result<(), WriteError> {
    atomic::write(&root.join("sample_submission.csv"), |out| {
        let names = DemoSound::ALL.map(DemoSound::name);
        writeln!(out, "fname,{}", names.join(","))?;
        let zeros = ",0".repeat(names.len());
        let mut entries = entries.iter().filter(|entry| entry.subset == Subset::Test);
        entries.try_for_each(|entry| writeln!(out, "{}{zeros}", entry.file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_is_another_set() {
        let names = |seed| plan(seed).into_iter().map(|entry| entry.file).collect::<Vec<_>>();
        let labels = |seed| {
            plan(seed)
                .into_iter()
                .map(|entry| entry.labels)
                .collect::<Vec<_>>()
        };
        assert_ne!(names(1), names(2));
        assert_ne!(labels(1), labels(2));
        let mut distinct = names(1);
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 210);
        let sound = |path| DemoSound::Rain.render(1000, &mut random::stream(1, &[path]));
        assert!(sound(1) != sound(2));
    }

    #[test]
    fn the_stated_share_of_the_noisy_labels_is_wrong_and_no_other() {
        for seed in 0..20 {
            let entries = plan(seed);
            for subset in Subset::ALL {
                let of_subset: Vec<&PlannedClip> =
                    entries.iter().filter(|entry| entry.subset == subset).collect();
                let labels: usize = of_subset.iter().map(|entry| entry.labels.len()).sum();
                let wrong = of_subset
                    .iter()
                    .flat_map(|entry| entry.labels.iter().map(move |label| (entry, label)));
                let wrong = wrong
                    .filter(|(entry, label)| !entry.truth.contains(label))
                    .count();
                let expected = if subset == Subset::Noisy {
                    (labels as f64 * WRONG_LABEL_SHARE).round() as usize
                } else {
                    0
                };
                assert_eq!(wrong, expected, "{subset:?}");
                for entry in of_subset {
                    assert!(
                        entry.labels.windows(2).all(|pair| pair[0] < pair[1]),
                        "{:?}",
                        entry.labels
                    );
                }
            }
        }
    }
}
