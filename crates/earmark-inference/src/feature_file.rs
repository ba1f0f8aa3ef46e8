//! The features of one recording as a network takes them, as an `.npy` file: computed and written in parts, so that
//! memory does not grow with the recording.

use crate::PipelineError;
use crate::error::without_path;
use earmark_audio::ClipNote;
use earmark_core::atomic;
use earmark_data::feature_store::{CacheConfig, DiskCache};
use earmark_data::{ClipDamage, FeatureStore, Item, ItemError};
use earmark_features::{
    Extractor, FeatureError, FeaturePass, Features, FirstPass, FrontEnd, NpyParts, SegmentCutter,
    TrimmedSpan, WholeFeatures,
};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Numbers of a part, before deltas.
const NUMBERS_AT_A_TIME: usize = 1 << 17;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureFile {
    /// Channels, bands and frames.
    pub shape: [usize; 3],
    /// What decoding noted.
    pub notes: Vec<ClipNote>,
    /// What is missing of the recording, where damaged ones are used.
    pub damage: Option<ClipDamage>,
}

/// Writes the features of a recording to a file, atomically: `[channels, bands, frames]` after postprocessing. They are
/// those of [`Extractor::log_mel_of_clip`] and [`Extractor::postprocess`]. When stopped, nothing is written: `None`.
///
/// # Errors
///
/// For a recording that can't be read, a file that can't be written, and for handcrafted features, which are statistics
/// of whole recordings.
pub fn write_features(
    item: &Item,
    front_end: &FrontEnd,
    path: &Path,
    stop: &AtomicBool,
) -> Result<Option<FeatureFile>, PipelineError> {
    // The recording is read twice, and nothing of it is kept.
    let cache = CacheConfig {
        workers: 1,
        memory_mib: 0,
        disk: DiskCache::Off,
        ..CacheConfig::default()
    };
    let store = FeatureStore::new(Extractor::new(front_end)?, &cache)?;
    let reading = Reading {
        item,
        store: &store,
        stop,
    };
    let (mut done, mut refused, mut stopped) = (None, None, false);
    let written = atomic::write_anywhere(path, |file| {
        match reading.write(file) {
            Ok(found) => {
                done = Some(found);
                return Ok(());
            }
            Err(Unwritten::Disk(cause)) => return Err(cause),
            Err(Unwritten::Refused(why)) => refused = Some(why),
            Err(Unwritten::Stopped) => stopped = true,
        }
        Err(io::ErrorKind::InvalidInput.into())
    });
    if let Some(why) = refused {
        let path = item.path.display();
        return Err(PipelineError::Request(format!("{path}: {why}")));
    }
    if !stopped {
        written?;
    }
    Ok(done)
}

/// Why nothing was written.
enum Unwritten {
    Disk(io::Error),
    Refused(String),
    Stopped,
}

impl From<FeatureError> for Unwritten {
    fn from(error: FeatureError) -> Self {
        match error {
            FeatureError::Io(cause) => Self::Disk(cause),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// A recording, and what computes its features.
struct Reading<'a> {
    item: &'a Item,
    store: &'a FeatureStore,
    /// Ends the work early.
    stop: &'a AtomicBool,
}

impl Reading<'_> {
    fn write(&self, file: &mut File) -> Result<FeatureFile, Unwritten> {
        let extractor = self.store.extractor();
        let trimmed = self.store.trimmed_span(self.item, self.stop);
        let trimmed = trimmed.map_err(|error| self.refused(&error))?;
        let whole = self.first_pass(trimmed.as_ref())?;
        let shape = [extractor.channels(), extractor.bands(), whole.frames];
        let deltas = extractor.front_end().postprocess.deltas.as_ref();
        // Frames that deltas see on each side.
        let margin = deltas.map_or(0, |deltas| deltas.width_frames as usize / 2);
        let (length, starts) = overlapping_parts(shape, margin);
        let mut cutter = SegmentCutter::pieces(extractor, whole.frames, length, starts);
        let mut pass = self.pass(whole.floor)?;
        let mut out = NpyParts::new(file, shape)?;
        let mut write = |start: i64, part: Features| -> Result<(), Unwritten> {
            let start = usize::try_from(start).unwrap_or_default();
            let is_last = start + part.frames == whole.frames;
            let from = if start == 0 { 0 } else { margin };
            let to = if is_last {
                part.frames
            } else {
                part.frames - margin
            };
            out.write(start + from, &extractor.postprocess(&part)?, from..to)?;
            Ok(())
        };
        let notes = self.each_block(trimmed.as_ref(), &mut |block: &[f32]| -> Result<(), Unwritten> {
            cutter.push(&pass.push(block)?, &mut write)
        })?;
        cutter.push(&pass.finish()?, &mut write)?;
        if !cutter.is_whole() {
            let why = "changed while it was read; run the command again when nothing writes to it any more";
            return Err(Unwritten::Refused(why.into()));
        }
        cutter.finish(&mut write)?;
        let damage = self.store.remarks().remove(&self.item.file);
        Ok(FeatureFile {
            shape,
            notes,
            damage: damage.and_then(|remarks| remarks.damage),
        })
    }

    /// What must be known of the whole recording before its features are written.
    fn first_pass(&self, trimmed: Option<&TrimmedSpan>) -> Result<WholeFeatures, Unwritten> {
        let extractor = self.store.extractor();
        if extractor.first_pass() == FirstPass::Values {
            let mut pass = self.pass(None)?;
            self.each_block(trimmed, &mut |block: &[f32]| -> Result<(), Unwritten> {
                pass.push(block)?;
                Ok(())
            })?;
            pass.finish()?;
            return Ok(pass.whole());
        }
        let mut samples = trimmed.map_or(0, TrimmedSpan::len);
        if trimmed.is_none() {
            self.each_block(None, &mut |block| {
                samples += block.len();
                Ok(())
            })?;
        }
        Ok(WholeFeatures::of_length(extractor.frames(samples)))
    }

    fn pass(&self, floor: Option<f32>) -> Result<FeaturePass<'_>, Unwritten> {
        let pass = FeaturePass::new(self.store.extractor(), floor);
        pass.ok_or_else(|| Unwritten::Refused("this front end needs the whole recording".into()))
    }

    /// Passes all blocks of the recording, or of what trimming leaves of it, on; gives what decoding noted.
    fn each_block(
        &self,
        trimmed: Option<&TrimmedSpan>,
        take: &mut dyn FnMut(&[f32]) -> Result<(), Unwritten>,
    ) -> Result<Vec<ClipNote>, Unwritten> {
        let mut ended = None;
        let read = self.store.blocks(self.item, trimmed, None, &mut |block| {
            ended = match self.stop.load(Ordering::Relaxed) {
                true => Some(Unwritten::Stopped),
                false => take(block).err(),
            };
            ended.is_none()
        });
        match ended {
            Some(ended) => Err(ended),
            None => Ok(read.map_err(|error| self.refused(&error))?.unwrap_or_default()),
        }
    }

    fn refused(&self, error: &ItemError) -> Unwritten {
        Unwritten::Refused(without_path(&error.fault.to_string(), &self.item.path))
    }
}

/// Length and first frames of parts of one length of features of a shape, the fewest that memory allows. They overlap,
/// so that each frame has `margin` neighbours on both sides in one of them, or as many as in the whole.
fn overlapping_parts([channels, bands, frames]: [usize; 3], margin: usize) -> (usize, Vec<usize>) {
    let rows = (channels * bands).max(1);
    let step = (NUMBERS_AT_A_TIME / rows).max(64);
    let length = frames.min(step + 2 * margin);
    let last = frames - length;
    let starts = (0..=last.div_ceil(step)).map(|k| (k * step).min(last));
    (length, starts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_audio::encode_wav_float;

    /// Each frame is in a part where it has as many neighbours as in the whole.
    #[test]
    fn parts_overlap_by_what_deltas_see() {
        for (frames, margin) in [(0, 4), (1, 4), (8, 4), (5000, 4), (20_000, 0), (20_001, 127)] {
            let (length, starts) = overlapping_parts([3, 64, frames], margin);
            assert!(length <= 64_usize.max(NUMBERS_AT_A_TIME / 192) + 2 * margin);
            let mut covered = 0;
            for start in starts {
                let from = if start == 0 { 0 } else { start + margin };
                let is_last = start + length == frames;
                assert!(from <= covered, "{frames} frames: {from} after {covered}");
                covered = start + length - if is_last { 0 } else { margin };
            }
            assert_eq!(covered, frames);
        }
    }

    /// The file is that of the features computed and postprocessed as a whole.
    #[test]
    fn a_file_in_parts_is_that_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("a.wav");
        let samples: Vec<f32> = (0..80_000_u32)
            .map(|i| (i as f32 * 0.01 * (1.0 + i as f32 * 1e-5)).sin() * if i < 9000 { 0.0 } else { 0.3 })
            .collect();
        std::fs::write(&recording, encode_wav_float(&samples, 8000)).unwrap();
        let clip = earmark_audio::read(&recording, 8000).unwrap().clip;
        let go = AtomicBool::new(false);
        let item = Item {
            path: recording,
            ..Item::default()
        };
        for text in [
            "stft = { window-samples = 80, hop-samples = 8 }\namplitude.log = { offset = 0.001 }",
            "stft = { window-samples = 80, hop-samples = 8, centre = \"reflect\" }\namplitude.db = { top-db = 40 }\n\
             trim = {}\npostprocess = { deltas = {}, scale = { divide = 100 } }",
            "stft = { window-samples = 512, hop-samples = 64, phase = true }\namplitude = \"linear\"\n\
             postprocess.deltas = { width-frames = 33 }",
        ] {
            let front_end: FrontEnd = toml::from_str(&format!("sample-rate-hz = 8000\n{text}")).unwrap();
            let extractor = Extractor::new(&front_end).unwrap();
            let whole = extractor
                .log_mel_of_clip(&clip, &mut extractor.scratch())
                .unwrap();
            let whole = extractor.postprocess(&whole).unwrap();
            let path = folder.path().join("a.npy");
            let written = write_features(&item, &front_end, &path, &go).unwrap().unwrap();
            assert_eq!(written.shape, [whole.channels, whole.bands, whole.frames]);
            assert_eq!((written.notes, written.damage), (Vec::new(), None));
            let mut bytes = Vec::new();
            whole.write_npy(&mut bytes).unwrap();
            assert!(std::fs::read(&path).unwrap() == bytes, "{text}");
        }
        let other = folder.path().join("b.npy");
        let stopped = write_features(&item, &FrontEnd::default(), &other, &AtomicBool::new(true));
        assert_eq!(stopped.unwrap(), None);
        let refused = |item: &Item, front_end: &FrontEnd| {
            let refused = write_features(item, front_end, &other, &go);
            refused.unwrap_err().to_string()
        };
        let missing = Item {
            path: folder.path().join("none.wav"),
            ..Item::default()
        };
        assert!(refused(&missing, &FrontEnd::default()).contains("none.wav"));
        let text = "sample-rate-hz = 8000\nstft = { window-samples = 80, hop-samples = 40000 }\n\
                    amplitude = \"linear\"\npostprocess.deltas = {}";
        let message = refused(&item, &toml::from_str(text).unwrap());
        assert!(
            message.contains("a.wav: deltas over 9 frames need at least 9, and there are 2"),
            "{message}"
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left over"
        );
    }
}
