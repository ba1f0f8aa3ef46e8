//! Writes a set like a published one: FLAC under the names of the tables, in the published layout.
//!
//! Published tables name `.wav` files, and so do these; what is in the files is FLAC, which takes less room, and
//! readers look at the content. Every byte follows from the seed, on any platform and number of threads. A file has its
//! name only when it is complete, so that the next call resumes where one was interrupted; the tables are written last.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use earmark_audio::encode_flac;
use earmark_core::atomic::{self, WriteError};
use earmark_core::disk_space::{NoRoom, check_room};
use earmark_core::random::{self, ChaCha8Rng, Purpose};
use rayon::prelude::*;
use serde::Serialize;

use super::class_sound;
use super::demo_clip::mix;
use super::demo_sound::SAMPLE_RATE_HZ;
use super::published_plan::{SynthClip, plan};
use super::published_shape::SynthLike;
use super::published_tables::write_tables;
use super::write_wav::to_16_bits;
use crate::scan::{OnProgress, scan};

/// The file that says what a folder holds.
const MARK: &str = "synth.json";

/// Clips that are rendered to estimate the size of all, and the least number of clips that each of them represents.
const TRIED: usize = 24;
const PER_TRIED: usize = 8;

/// What a file may take on the disk in addition to its bytes.
const FILE_BYTES: f64 = 4096.0;

/// Why a synthetic set is not written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A file or folder can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The set does not fit.
    #[error(transparent)]
    Room(#[from] NoRoom),
    /// The folder holds something else.
    #[error(
        "{}: is neither empty nor a synthetic set of this kind, scale and seed (its synth.json says which it is); \
         choose another folder",
        root.display()
    )]
    Taken {
        /// The folder.
        root: PathBuf,
    },
    /// It was stopped; the next call resumes.
    #[error("stopped; run the same command again to resume")]
    Stopped,
}

/// A synthetic set that is like a published one.
#[derive(Clone, Debug)]
pub struct SynthPlan {
    like: SynthLike,
    scale: f64,
    seed: u64,
    root: PathBuf,
    clips: Vec<SynthClip>,
    /// The clips that are not there yet.
    missing: Vec<usize>,
}

/// What a set is, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SynthSet {
    /// The layout, which is the name of the published set.
    pub layout: &'static str,
    /// Number of classes.
    pub classes: usize,
    /// Number of clips of each subset.
    pub clips: BTreeMap<&'static str, usize>,
    /// Clips that were there already.
    pub already_there: usize,
    /// Length of all clips.
    pub seconds: f64,
    /// Size of all clips.
    pub bytes: u64,
    /// Number of labels that are wrong.
    pub wrong_labels: usize,
}

impl SynthPlan {
    /// Decides what a set is like: `scale` times the published number of clips, but every class at least twice. Nothing
    /// is written yet.
    ///
    /// # Errors
    /// [`SynthError::Taken`] where the folder holds anything but an earlier, perhaps unfinished, set of the same
    /// settings.
    pub fn new(like: SynthLike, scale: f64, seed: u64, root: &Path) -> Result<Self, SynthError> {
        let mut set = Self {
            like,
            scale,
            seed,
            root: root.to_path_buf(),
            clips: Vec::new(),
            missing: Vec::new(),
        };
        let is_same = fs::read_to_string(root.join(MARK)).is_ok_and(|text| text == set.mark());
        let is_leftover = |name: &Result<fs::DirEntry, _>| {
            name.as_ref()
                .is_ok_and(|entry| atomic::is_leftover(&entry.file_name()))
        };
        let is_empty =
            fs::read_dir(root).map_or(true, |mut entries| entries.all(|entry| is_leftover(&entry)));
        if !is_same && !is_empty {
            return Err(SynthError::Taken { root: root.into() });
        }
        set.clips = plan(like, scale, seed);
        let is_missing = |clip: &usize| set.size_of_whole(&set.clips[*clip]).is_none();
        set.missing = (0..set.clips.len()).filter(is_missing).collect();
        Ok(set)
    }

    /// Number of clips.
    pub fn clips(&self) -> usize {
        self.clips.len()
    }

    /// Number of clips that are not there yet.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Length of all clips in seconds.
    pub fn seconds(&self) -> f64 {
        let samples: usize = self.clips.iter().map(|clip| clip.samples).sum();
        samples as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// About how many bytes the missing clips take on the disk: some of them are rendered, which takes a second or two.
    pub fn estimated_bytes(&self) -> u64 {
        let step = (self.missing.len() / TRIED).max(PER_TRIED);
        let tried: Vec<usize> = self.missing.iter().copied().step_by(step).collect();
        let sizes: Vec<usize> = tried
            .par_iter()
            .map(|clip| self.flac(&self.clips[*clip]).len())
            .collect();
        let samples =
            |clips: &[usize]| clips.iter().map(|clip| self.clips[*clip].samples).sum::<usize>() as f64;
        let per_sample = sizes.iter().sum::<usize>() as f64 / samples(&tried).max(1.0);
        (per_sample * samples(&self.missing) + FILE_BYTES * self.missing.len() as f64) as u64
    }

    /// Refuses a disk that lacks room for the estimated bytes and a twentieth more.
    ///
    /// # Errors
    /// See [`NoRoom`].
    pub fn check_room(&self, estimated_bytes: u64) -> Result<(), NoRoom> {
        check_room(&self.root, estimated_bytes / 20 * 21)
    }

    /// Writes what is missing. `progress` is called with the clips done and the clips that were missing, from any
    /// thread; `stop` ends it after the current clips.
    ///
    /// # Errors
    /// When a folder or file can't be written, or it was stopped.
    pub fn write(&self, progress: &OnProgress<'_>, stop: &AtomicBool) -> Result<SynthSet, SynthError> {
        let make = |folder: &Path| fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error));
        make(&self.root)?;
        atomic::write(&self.root.join(MARK), |out| out.write_all(self.mark().as_bytes()))?;
        for shape in self.like.subsets() {
            let folder = self.root.join(shape.folder);
            make(&folder)?;
            atomic::clean_leftovers(&folder).map_err(|error| WriteError::new(&folder, error))?;
        }
        let written = scan(&self.missing, progress, |&clip| {
            let clip = &self.clips[clip];
            if stop.load(Ordering::Relaxed) {
                return Err(SynthError::Stopped);
            }
            // A clip that a power cut spoils is written again by the next call.
            Ok(atomic::write_unsynced(&self.path(clip), |out| {
                out.write_all(&self.flac(clip))
            })?)
        });
        written.into_iter().collect::<Result<(), SynthError>>()?;
        write_tables(&self.root, self.like, &self.clips)?;
        Ok(self.summary())
    }

    fn summary(&self) -> SynthSet {
        let mut clips = BTreeMap::new();
        let mut wrong_labels = 0;
        for clip in &self.clips {
            *clips.entry(self.like.subsets()[clip.subset].name).or_insert(0) += 1;
            let wrong = clip.labels.iter().filter(|label| !clip.truth.contains(label));
            wrong_labels += wrong.count();
        }
        SynthSet {
            layout: self.like.name(),
            classes: self.like.classes().len(),
            clips,
            already_there: self.clips.len() - self.missing.len(),
            seconds: self.seconds(),
            bytes: self
                .clips
                .iter()
                .filter_map(|clip| self.size_of_whole(clip))
                .sum(),
            wrong_labels,
        }
    }

    /// What the mark says of these settings; a later version that renders something else must say something else.
    fn mark(&self) -> String {
        let (like, scale, seed) = (self.like.name(), self.scale, self.seed);
        format!(
            "{{\n  \"what\": \"synthetic sounds of earmark data synth, version 1\",\n  \"like\": \"{like}\",\n  \
             \"scale\": {scale},\n  \
             \"seed\": {seed}\n}}\n"
        )
    }

    fn path(&self, clip: &SynthClip) -> PathBuf {
        let folder = self.like.subsets()[clip.subset].folder;
        self.root.join(folder).join(clip.file())
    }

    /// The size of a clip's file, where it is there with all its samples.
    fn size_of_whole(&self, clip: &SynthClip) -> Option<u64> {
        let mut header = [0; 26];
        let mut file = File::open(self.path(clip)).ok()?;
        file.read_exact(&mut header).ok()?;
        let stated = u64::from_be_bytes(header[18..].try_into().ok()?) & 0xf_ffff_ffff;
        let is_whole = header.starts_with(b"fLaC") && stated == clip.samples as u64;
        let bytes = file.metadata().ok()?.len();
        is_whole.then_some(bytes)
    }

    fn flac(&self, clip: &SynthClip) -> Vec<u8> {
        let path = [Purpose::Synth as u64, 4, self.like as u64, u64::from(clip.number)];
        let mut rng = random::stream(self.seed, &path);
        let render = |class: &usize, rng: &mut ChaCha8Rng| class_sound::render(*class, clip.samples, rng);
        let samples = mix(clip.samples, &clip.truth, render, &mut rng);
        let samples: Vec<i16> = samples.into_iter().map(to_16_bits).collect();
        encode_flac(&samples, SAMPLE_RATE_HZ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some clips of a set, two of which are rendered again by one thread.
    #[test]
    fn missing_clips_are_written_with_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let set = |keep: usize| {
            let mut set = SynthPlan::new(SynthLike::Fsdkaggle2018, 0.001, 7, dir.path()).unwrap();
            let last = set.clips.split_off(set.clips.len() - 4);
            set.clips.truncate(6);
            set.clips.extend(last);
            let is_missing = |clip: &usize| set.size_of_whole(&set.clips[*clip]).is_none();
            set.missing = (0..10).filter(is_missing).collect();
            assert_eq!(set.missing.len(), 10 - keep);
            set
        };
        let bytes = |set: &SynthPlan| -> Vec<Vec<u8>> {
            set.clips
                .iter()
                .map(|clip| fs::read(set.path(clip)).unwrap())
                .collect()
        };
        let stop = AtomicBool::new(false);
        let first = set(0);
        let written = first.write(&|_, _| {}, &stop).unwrap();
        assert_eq!((written.already_there, written.clips["test"]), (0, 4));
        let before = bytes(&first);
        assert_eq!(
            written.bytes,
            before.iter().map(|file| file.len() as u64).sum::<u64>()
        );
        // A clip that is gone, and one of which a part was written.
        fs::remove_file(first.path(&first.clips[0])).unwrap();
        fs::write(first.path(&first.clips[1]), b"fLaC").unwrap();
        let second = set(8);
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let written = one_thread.install(|| second.write(&|_, _| {}, &stop)).unwrap();
        assert_eq!(written.already_there, 8);
        assert!(bytes(&second) == before);
        for (clip, file) in first.clips.iter().zip(before) {
            let decoded = earmark_audio::decode_bytes_native(file).unwrap();
            assert_eq!(decoded.clip.samples.len(), clip.samples);
        }
    }

    #[test]
    fn a_stop_and_another_set_are_refused_and_the_estimate_holds() {
        let dir = tempfile::tempdir().unwrap();
        let new = |seed| SynthPlan::new(SynthLike::Fsdkaggle2018, 0.001, seed, dir.path());
        let mut set = new(1).unwrap();
        let stopped = set.write(&|_, _| {}, &AtomicBool::new(true));
        assert!(matches!(stopped, Err(SynthError::Stopped)), "{stopped:?}");
        assert!(!dir.path().join("train.csv").exists(), "the tables come last");
        assert!(new(1).is_ok());
        let taken = new(2).unwrap_err().to_string();
        assert!(taken.contains("choose another folder"), "{taken}");
        // One of eight clips is tried.
        set.missing = (0..8).map(|k| 9 * k).collect();
        let estimated = set.estimated_bytes();
        let wav: usize = set.missing.iter().map(|clip| 2 * set.clips[*clip].samples).sum();
        let files = 8 * 4096;
        let possible = (files + wav / 20) as u64..(files + wav / 10 * 11) as u64;
        assert!(possible.contains(&estimated), "{estimated} of {wav}");
        assert!(set.check_room(1).is_ok());
    }
}
