//! Spectrograms of the clips that a run was evaluated on.

use crate::run_dir::RunDir;
use earmark_audio::AudioStream;
use earmark_data::{DataError, DataSet, MissingFiles, load};
use earmark_features::Extractor;
use earmark_recipe::Recipe;
use earmark_report::SpectrogramImage;
use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};

/// A spectrogram shows a clip's beginning, up to this length.
const SHOWN_SECONDS: f64 = 30.0;

/// Where the audio of evaluated clips is, and the front end for it.
pub(super) struct ClipSpectrograms {
    paths: HashMap<String, PathBuf>,
    extractor: Extractor,
}

impl ClipSpectrograms {
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
            paths: items.into_iter().map(|i| (i.file, i.path)).collect(),
            extractor: Extractor::new(&run.recipe.front_end)?,
        })
    }

    /// The beginning of a clip as the front end computes it: the first channel of its log-mel.
    pub fn image(&self, file: &str) -> Result<SpectrogramImage, Box<dyn Error>> {
        let path = self.paths.get(file).ok_or("the data folder does not list it")?;
        let rate = self.extractor.front_end().sample_rate_hz;
        let mut stream = AudioStream::open(path, rate)?;
        let wanted = (SHOWN_SECONDS * f64::from(rate)) as usize;
        let (mut samples, mut block) = (Vec::new(), Vec::new());
        while samples.len() <= wanted && stream.next_block(&mut block)? {
            samples.extend_from_slice(&block);
        }
        let cut = if samples.len() > wanted { " (cut)" } else { "" };
        samples.truncate(wanted);
        let features = self.extractor.log_mel(&samples, &mut self.extractor.scratch())?;
        let (bands, frames, mut data) = (features.bands, features.frames, features.data);
        data.truncate(bands * frames);
        let seconds = samples.len() as f64 / f64::from(rate);
        let caption = format!("0 to {seconds:.1} s{cut}, {bands} bands");
        Ok(SpectrogramImage::new(caption, data, bands, frames)?)
    }
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
