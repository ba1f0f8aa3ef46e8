//! A small synthetic data set, so that earmark can be tried and tested without any data.
//!
//! [`write_demo`] makes 210 clips of ten kinds of sound in the layout of FSDKaggle2019: a curated part, a noisy part
//! in which 30 % of the labels are wrong, and a test part whose truth is in `test_post_competition.csv`. Each clip
//! holds one or two of the sounds at random pitch, level and place over a faint background, so that the task can be
//! learnt in minutes but not by a threshold. Every byte follows from the seed, on any platform and number of threads.

mod scene;
mod sounds;
mod wav;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use earmark_core::atomic::{self, WriteError};
use earmark_core::random::{self, ChaCha8Rng, Purpose};
pub use sounds::Sound;

/// The sample rate of every clip, in hertz.
pub const SAMPLE_RATE_HZ: u32 = 44_100;

/// The share of the labels of the noisy part that are wrong.
pub const WRONG_LABEL_SHARE: f64 = 0.3;

/// One part of the demo set: its folder, table and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Curated,
    Noisy,
    Test,
}

impl Part {
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
    /// The folder that holds the tables and the audio.
    pub root: PathBuf,
    /// The names of the classes, in alphabetical order.
    pub classes: Vec<String>,
    /// How many clips the curated part has.
    pub curated: usize,
    /// How many clips the noisy part has.
    pub noisy: usize,
    /// How many labels of the noisy part are wrong.
    pub wrong_labels: usize,
    /// How many clips the test part has.
    pub test: usize,
}

/// One clip of the set: its name, what is in it, and what its table says.
struct Entry {
    part: Part,
    file: String,
    truth: Vec<Sound>,
    labels: Vec<Sound>,
}

/// Writes the demo set of `seed` below `root`, which is created if need be; files of the same names are replaced.
///
/// `progress` is called with the clips done and the clips in all, from any thread. The tables are written last: where
/// they are, the audio is complete.
///
/// # Errors
///
/// When a folder or file can't be written.
pub fn write_demo(
    root: &Path,
    seed: u64,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<DemoSet, WriteError> {
    let entries = plan(seed);
    for part in Part::ALL {
        let folder = root.join(part.folder());
        fs::create_dir_all(&folder).map_err(|error| WriteError::new(&folder, error))?;
    }
    let done = AtomicUsize::new(0);
    entries.par_iter().enumerate().try_for_each(|(index, entry)| {
        let mut rng = random::stream(seed, &[Purpose::Synth as u64, 1, index as u64]);
        let samples = scene::render(&entry.truth, &mut rng);
        let path = root.join(entry.part.folder()).join(&entry.file);
        fs::write(&path, wav::encode(&samples, SAMPLE_RATE_HZ))
            .map_err(|error| WriteError::new(&path, error))?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
        Ok(())
    })?;
    for part in Part::ALL {
        write_table(root, part, &entries)?;
    }
    write_sample_submission(root, &entries)?;
    let wrong = |entry: &Entry| {
        entry
            .labels
            .iter()
            .filter(|label| !entry.truth.contains(label))
            .count()
    };
    Ok(DemoSet {
        root: root.to_path_buf(),
        classes: Sound::ALL.iter().map(|sound| sound.name().to_owned()).collect(),
        curated: Part::Curated.clips(),
        noisy: Part::Noisy.clips(),
        wrong_labels: entries.iter().map(wrong).sum(),
        test: Part::Test.clips(),
    })
}

/// Decides every clip's content and labels; rendering comes later and in parallel.
fn plan(seed: u64) -> Vec<Entry> {
    let mut rng = random::stream(seed, &[Purpose::Synth as u64, 0]);
    let mut entries = Vec::new();
    for part in Part::ALL {
        let first = entries.len();
        for index in 0..part.clips() {
            // The main sound goes round, so that no class of no part is missing.
            let main = Sound::ALL[index % Sound::ALL.len()];
            let mut truth = vec![main];
            if random::chance(&mut rng, 0.35) {
                truth.push(other_sound(&truth, &mut rng));
            }
            truth.sort();
            let file = format!("{:08x}.wav", file_number(seed, part, index));
            entries.push(Entry {
                part,
                file,
                labels: truth.clone(),
                truth,
            });
        }
        if part == Part::Noisy {
            spoil_labels(&mut entries[first..], &mut rng);
        }
        // As in the published tables, the names are sorted and say nothing about the class.
        entries[first..].sort_by(|a, b| a.file.cmp(&b.file));
    }
    entries
}

/// A number that no other clip of the set has: the low bits count, the high ones are random.
fn file_number(seed: u64, part: Part, index: usize) -> u32 {
    let mut rng = random::stream(seed, &[Purpose::Synth as u64, 2, part as u64, index as u64]);
    let random = random::below(&mut rng, 1 << 22) as u32;
    let unique = (part as u32) << 8 | index as u32;
    random << 10 | unique
}

fn other_sound(present: &[Sound], rng: &mut ChaCha8Rng) -> Sound {
    let others: Vec<Sound> = Sound::ALL
        .into_iter()
        .filter(|sound| !present.contains(sound))
        .collect();
    others[random::below(rng, others.len())]
}

/// Replaces [`WRONG_LABEL_SHARE`] of the labels by sounds that are not in the clip.
fn spoil_labels(entries: &mut [Entry], rng: &mut ChaCha8Rng) {
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

fn write_table(root: &Path, part: Part, entries: &[Entry]) -> Result<(), WriteError> {
    atomic::write(&root.join(part.table()), |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["fname", "labels"])?;
        for entry in entries.iter().filter(|entry| entry.part == part) {
            let names: Vec<&str> = entry.labels.iter().map(|label| label.name()).collect();
            table.write_record([entry.file.as_str(), &names.join(",")])?;
        }
        table.flush()
    })
}

fn write_sample_submission(root: &Path, entries: &[Entry]) -> Result<(), WriteError> {
    atomic::write(&root.join("sample_submission.csv"), |out| {
        let names: Vec<&str> = Sound::ALL.iter().map(|sound| sound.name()).collect();
        writeln!(out, "fname,{}", names.join(","))?;
        let zeros = ",0".repeat(names.len());
        entries
            .iter()
            .filter(|entry| entry.part == Part::Test)
            .try_for_each(|entry| -> io::Result<()> { writeln!(out, "{}{zeros}", entry.file) })
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
        let sound = |path| Sound::Rain.render(1000, &mut random::stream(1, &[path]));
        assert!(sound(1) != sound(2));
    }

    #[test]
    fn the_stated_share_of_the_noisy_labels_is_wrong_and_no_other() {
        for seed in 0..20 {
            let entries = plan(seed);
            for part in Part::ALL {
                let of_part: Vec<&Entry> = entries.iter().filter(|entry| entry.part == part).collect();
                let labels: usize = of_part.iter().map(|entry| entry.labels.len()).sum();
                let wrong = of_part
                    .iter()
                    .flat_map(|entry| entry.labels.iter().map(move |label| (entry, label)));
                let wrong = wrong
                    .filter(|(entry, label)| !entry.truth.contains(label))
                    .count();
                let expected = if part == Part::Noisy {
                    (labels as f64 * WRONG_LABEL_SHARE).round() as usize
                } else {
                    0
                };
                assert_eq!(wrong, expected, "{part:?}");
                for entry in of_part {
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
