//! What the clips that a run was evaluated on look and sound like.

use crate::run_dir::RunDir;
use earmark_audio::{AudioError, AudioStream, Span, read_range};
use earmark_core::ConfigError;
use earmark_data::{DataError, DataSet, Item, MissingFiles, load};
use earmark_features::{Extractor, FrontEnd};
use earmark_recipe::Recipe;
use earmark_report::{ClipPlayer, SpectrogramImage};
use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};

/// A spectrogram shows a clip's beginning, up to this length.
const SHOWN_SECONDS: f64 = 30.0;
/// A player has a clip's beginning, up to this length and rate: it is inside the page, which a dozen of them must not
/// make too large to open.
const PLAYED_SECONDS: f64 = 10.0;
const PLAYED_HZ: u32 = 16_000;

/// Where the audio of evaluated clips is, and the front end for it.
pub(super) struct ClipAudio {
    places: HashMap<String, (PathBuf, Option<Span>)>,
    extractor: Extractor,
}

impl ClipAudio {
    /// Finds the run's clips in a data folder; labels are not read, so that a folder of other classes works too.
    pub fn find(run: &RunDir, data: &Path) -> Result<Self, Box<dyn Error>> {
        let set = load_any(&run.recipe, data)?;
        // One name may be in several subsets: the evaluated one comes last and wins.
        let chosen = run.recipe.data.subsets.as_ref();
        let evaluated = |subset: &String| match run.info.data.fold {
            Some(_) => chosen.is_none_or(|subsets| subsets.contains(subset)),
            None => subset == "test",
        };
        let mut items = set.items;
        items.sort_by_key(|i| evaluated(&i.subset));
        Ok(Self {
            places: items.into_iter().map(|i| (i.file, (i.path, i.span))).collect(),
            extractor: Extractor::new(&run.recipe.front_end)?,
        })
    }

    /// The audio of known clips.
    pub fn of_items(items: &[Item], front_end: &FrontEnd) -> Result<Self, ConfigError> {
        let place = |item: &Item| (item.file.clone(), (item.path.clone(), item.span));
        Ok(Self {
            places: items.iter().map(place).collect(),
            extractor: Extractor::new(front_end)?,
        })
    }

    /// The beginning of a clip as the front end computes it: the first channel of its log-mel.
    pub fn image(&self, file: &str) -> Result<SpectrogramImage, Box<dyn Error>> {
        let rate = self.extractor.front_end().sample_rate_hz;
        let (samples, span) = beginning(self.place(file)?, rate, SHOWN_SECONDS)?;
        let features = self.extractor.log_mel(&samples, &mut self.extractor.scratch())?;
        let (bands, frames, mut data) = (features.bands, features.frames, features.data);
        data.truncate(bands * frames);
        let caption = format!("{span}, {bands} bands");
        Ok(SpectrogramImage::new(caption, data, bands, frames)?)
    }

    /// The beginning of a clip, to be played.
    pub fn player(&self, file: &str) -> Result<ClipPlayer, Box<dyn Error>> {
        let rate = self.extractor.front_end().sample_rate_hz.min(PLAYED_HZ);
        let (samples, span) = beginning(self.place(file)?, rate, PLAYED_SECONDS)?;
        Ok(ClipPlayer::new(span, &samples, rate))
    }

    fn place(&self, file: &str) -> Result<&(PathBuf, Option<Span>), &'static str> {
        let place = self.places.get(file);
        place.ok_or("the data folder does not list it")
    }
}

/// The samples of a recording, or of a window of it, up to a length, and from where to where they are, in words.
fn beginning(
    (path, span): &(PathBuf, Option<Span>),
    rate: u32,
    seconds: f64,
) -> Result<(Vec<f32>, String), AudioError> {
    if let Some(span) = span {
        let (start, length) = (span.start_seconds(), span.length_seconds().min(seconds));
        let clip = read_range(path, rate, start, length)?.clip;
        let end = start + clip.duration_seconds();
        return Ok((clip.samples, format!("{start:.1} to {end:.1} s")));
    }
    let mut stream = AudioStream::open(path, rate)?;
    let wanted = (seconds * f64::from(rate)) as usize;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while samples.len() <= wanted && stream.next_block(&mut block)? {
        samples.extend_from_slice(&block);
    }
    let cut = if samples.len() > wanted { " (cut)" } else { "" };
    samples.truncate(wanted);
    let end = samples.len() as f64 / f64::from(rate);
    Ok((samples, format!("0 to {end:.1} s{cut}")))
}

/// The data folder with as many of its subsets as are present.
fn load_any(recipe: &Recipe, data: &Path) -> Result<DataSet, DataError> {
    let mut options = recipe.data.clone();
    options.read_labels = false;
    options.class_map = None;
    options.missing_files = MissingFiles::Skip;
    options.subsets = None;
    load(data, &options).or_else(|first| {
        options.subsets = Some(vec!["test".into()]);
        load(data, &options).or_else(|_| {
            options.subsets = recipe.data.subsets.clone();
            load(data, &options).map_err(|_| first)
        })
    })
}
