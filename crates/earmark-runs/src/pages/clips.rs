//! The judged clips of a run: their truth, the mistakes, and what the model saw of the worst.

use super::PageError;
use crate::run_dir::RunDir;
use earmark_audio::AudioStream;
use earmark_data::{DataError, DataSet, MissingFiles, load};
use earmark_features::{Extractor, Features};
use earmark_metrics::{Aligned, Calibration, CalibrationQuality, Lwlrap, MetricsError, ScoreTable, top_k};
use earmark_recipe::Recipe;
use earmark_report::{ConfusionChart, PredictedClass, ReliabilityCurve, SpectrogramImage, WorstClip};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Clips shown.
const SHOWN: usize = 12;
/// Classes named of each.
const NAMED: usize = 5;
/// A picture shows a clip's beginning, up to here.
const PICTURE_SECONDS: f64 = 30.0;

/// Scores of judged clips with their truth.
pub(crate) struct Judged {
    aligned: Aligned,
}

impl Judged {
    /// The scores of a judged step with the truth they were judged by, which `eval/clips.txt` keeps: a line a clip, its name and
    /// its labels as indices into the run's classes.
    pub fn read(scores: &Path, clips: &Path) -> Result<Self, PageError> {
        let scores = ScoreTable::read(scores)?;
        let text =
            std::fs::read_to_string(clips).map_err(|e| bad(clips, None, format!("cannot be read: {e}")))?;
        let labels = parse_clips(&text, clips)?;
        let width = scores.classes().len();
        let mut truth = vec![false; scores.files().len() * width];
        for (row, file) in scores.files().iter().enumerate() {
            let labels = labels
                .get(file.as_str())
                .ok_or_else(|| bad(clips, None, format!("the clip {file:?} is not listed")))?;
            for &label in labels {
                *truth
                    .get_mut(row * width + label)
                    .filter(|_| label < width)
                    .ok_or_else(|| {
                        bad(
                            clips,
                            None,
                            format!("{file:?} has a label {label} of {width} classes"),
                        )
                    })? = true;
            }
        }
        Ok(Self {
            aligned: Aligned::from_rows(scores, truth)?,
        })
    }

    /// Scores and truth side by side.
    pub fn into_aligned(self) -> Aligned {
        self.aligned
    }

    /// What was taken for what; `None` where a clip has several labels.
    pub fn confusion(&self) -> Result<Option<ConfusionChart>, PageError> {
        match self.aligned.confusion() {
            Ok(m) => Ok(Some(ConfusionChart::new(
                m.classes().to_vec(),
                m.counts().to_vec(),
            )?)),
            Err(MetricsError::NotSingleLabel { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// How far the scores are chances, and, where the model is calibrated, how far its calibrated ones are.
    pub fn reliability(
        &self,
        single_label: bool,
        calibration: Option<&Calibration>,
    ) -> Result<Vec<ReliabilityCurve>, PageError> {
        let named = |name: &str, clips: &Aligned| -> Result<ReliabilityCurve, MetricsError> {
            let half = vec![0.5; clips.classes().len()];
            let bins = CalibrationQuality::of(clips, single_label, |_| &half)?
                .reliability
                .bins;
            let points = bins.iter().filter_map(|b| Some((b.score?, b.share?, b.count)));
            Ok(ReliabilityCurve {
                name: name.into(),
                points: points.collect(),
            })
        };
        let mut all = vec![named("scores", &self.aligned)?];
        if let Some(calibration) = calibration {
            all.push(named("calibrated", &calibration.of_clips(&self.aligned)?)?);
        }
        Ok(all)
    }

    /// The clips with the lowest lwlrap of their own, worst first; of equals the one whose true classes score lower. Clips that
    /// are ranked right are no mistakes.
    pub(super) fn worst(&self, audio: Option<&Audio>) -> Result<Vec<WorstClip>, PageError> {
        let mut ranked = Vec::new();
        for (index, (scores, truth)) in self.aligned.rows().enumerate() {
            let mut lwlrap = Lwlrap::new(scores.len());
            lwlrap.add(scores, truth)?;
            let true_scores: Vec<f64> = scores
                .iter()
                .zip(truth)
                .filter(|(_, t)| **t)
                .map(|(s, _)| f64::from(*s))
                .collect();
            let mean = true_scores.iter().sum::<f64>() / true_scores.len().max(1) as f64;
            ranked.extend(
                lwlrap
                    .overall()
                    .filter(|v| *v < 1.0)
                    .map(|v| (v, mean, index, scores, truth)),
            );
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        ranked.truncate(SHOWN);
        let classes = self.aligned.classes();
        Ok(ranked
            .into_iter()
            .map(|(lwlrap, _, index, scores, truth)| {
                let file = &self.aligned.files()[index];
                let best = scores
                    .iter()
                    .zip(truth)
                    .filter(|(_, t)| **t)
                    .map(|(s, _)| *s)
                    .fold(f32::MIN, f32::max);
                let rank = 1 + scores
                    .iter()
                    .zip(truth)
                    .filter(|(s, t)| !**t && **s >= best)
                    .count();
                let mut note = format!(
                    "lwlrap {lwlrap:.3}; the best true class comes at rank {rank} of {}",
                    classes.len()
                );
                let picture = match audio.map(|a| a.picture(file)) {
                    None => None,
                    Some(Ok(picture)) => Some(picture),
                    Some(Err(why)) => {
                        note.push_str(&format!("; no picture: {why}"));
                        None
                    }
                };
                let named = |class: usize| PredictedClass {
                    class: classes[class].clone(),
                    score: f64::from(scores[class]),
                };
                WorstClip {
                    file: file.clone(),
                    truth: classes
                        .iter()
                        .zip(truth)
                        .filter(|(_, t)| **t)
                        .map(|(c, _)| c.clone())
                        .collect(),
                    predictions: top_k(scores, NAMED).into_iter().map(named).collect(),
                    picture,
                    note,
                }
            })
            .collect())
    }
}

fn bad(path: &Path, line: Option<usize>, problem: impl Into<String>) -> PageError {
    let line = line.map(|n| format!(":{n}")).unwrap_or_default();
    PageError::Clips {
        place: format!("{}{line}", path.display()),
        problem: problem.into(),
    }
}

/// File to labels, of lines such as `a file.wav [0, 7]`.
fn parse_clips<'a>(text: &'a str, path: &Path) -> Result<HashMap<&'a str, Vec<usize>>, PageError> {
    let mut clips = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let parsed = line.rsplit_once(" [").and_then(|(file, labels)| {
            let labels = labels.strip_suffix(']')?.split(", ").filter(|l| !l.is_empty());
            Some((
                file,
                labels.map(str::parse).collect::<Result<Vec<usize>, _>>().ok()?,
            ))
        });
        let (file, labels) = parsed.ok_or_else(|| {
            bad(
                path,
                Some(index + 1),
                "expected a file and its labels, such as `a.wav [3]`",
            )
        })?;
        clips.insert(file, labels);
    }
    Ok(clips)
}

/// Where the audio of judged clips lies, and the front end that hears it.
pub(super) struct Audio {
    paths: HashMap<String, PathBuf>,
    extractor: Extractor,
}

impl Audio {
    /// Looks for the run's clips in a data folder; labels are not read, so that a folder of other classes does.
    pub fn find(run: &RunDir, data: &Path) -> Result<Self, AudioFault> {
        let set = load_any(&run.recipe, data)?;
        // One name may be in several parts: what the run judges comes last and wins.
        let judged = |part: &str| match run.info.data.fold {
            Some(_) => run
                .recipe
                .data
                .subsets
                .as_ref()
                .is_none_or(|parts| parts.iter().any(|p| p == part)),
            None => part == "test",
        };
        let mut items = set.items;
        items.sort_by_key(|i| judged(&i.subset));
        let extractor = Extractor::new(&run.recipe.front_end)?;
        Ok(Self {
            paths: items.into_iter().map(|i| (i.file, i.path)).collect(),
            extractor,
        })
    }

    /// The beginning of a clip as the front end gives it: the first channel of its base features.
    fn picture(&self, file: &str) -> Result<SpectrogramImage, String> {
        let path = self.paths.get(file).ok_or("the data folder does not list it")?;
        let rate = self.extractor.front_end().sample_rate_hz;
        let mut stream = AudioStream::open(path, rate).map_err(|e| e.to_string())?;
        let wanted = (PICTURE_SECONDS * f64::from(rate)) as usize;
        let (mut samples, mut block) = (Vec::new(), Vec::new());
        while samples.len() <= wanted && stream.next_block(&mut block).map_err(|e| e.to_string())? {
            samples.extend_from_slice(&block);
        }
        let more = samples.len() > wanted;
        samples.truncate(wanted);
        let features = self
            .extractor
            .log_mel(&samples, &mut self.extractor.scratch())
            .map_err(|e| e.to_string())?;
        let Features {
            bands,
            frames,
            mut data,
            ..
        } = features;
        data.truncate(bands * frames);
        let seconds = samples.len() as f64 / f64::from(rate);
        let caption = format!(
            "0 to {seconds:.1} s{}, {bands} bands",
            if more { " (it goes on)" } else { "" }
        );
        SpectrogramImage::new(caption, data, bands, frames).map_err(|e| e.to_string())
    }
}

/// Why there are no pictures.
#[derive(Debug, thiserror::Error)]
pub(super) enum AudioFault {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    FrontEnd(#[from] earmark_core::ConfigError),
}

/// The data folder with as many of its parts as are there.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(scores: &str, clips: &str) -> Result<Judged, PageError> {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("scores.csv"), dir.path().join("clips.txt"));
        std::fs::write(&a, scores).unwrap();
        std::fs::write(&b, clips).unwrap();
        Judged::read(&a, &b)
    }

    #[test]
    fn the_worst_clip_comes_first_with_its_truth() {
        let scores = "fname,x,y,z\na b.wav,0.9,0.05,0.05\nc.wav,0.2,0.5,0.3\nd [1].wav,0.7,0.2,0.1\n";
        let judged = judged(scores, "a b.wav [0]\nc.wav [0]\nd [1].wav [1]\n").unwrap();
        let worst = judged.worst(None).unwrap();
        assert_eq!(
            worst.iter().map(|w| w.file.as_str()).collect::<Vec<_>>(),
            ["c.wav", "d [1].wav"]
        );
        assert_eq!(worst[0].truth, ["x"]);
        assert_eq!(worst[0].predictions[0].class, "y");
        assert_eq!(
            worst[0].note,
            "lwlrap 0.333; the best true class comes at rank 3 of 3"
        );
        let confusion = judged.confusion().unwrap().expect("one label a clip");
        assert_eq!(confusion.counts(), [vec![1, 1, 0], vec![1, 0, 0], vec![0, 0, 0]]);
    }

    #[test]
    fn several_labels_have_no_confusion() {
        let judged = judged(
            "fname,x,y,z\na.wav,0.9,0.8,0.1\nb.wav,0.1,0.2,0.3\n",
            "a.wav [0, 1]\nb.wav [1]\n",
        )
        .unwrap();
        assert!(judged.confusion().unwrap().is_none());
        let worst = judged.worst(None).unwrap();
        assert_eq!(
            (worst.len(), worst[0].note.as_str()),
            (1, "lwlrap 0.500; the best true class comes at rank 2 of 3")
        );
    }

    #[test]
    fn clips_that_do_not_fit_are_refused_by_name() {
        let refused = |clips| {
            judged("fname,x\na.wav,0.5\n", clips)
                .err()
                .map(|e| e.to_string())
                .unwrap()
        };
        assert!(refused("b.wav [0]\n").contains("\"a.wav\" is not listed"));
        assert!(refused("a.wav [1]\n").contains("a label 1 of 1 classes"));
        assert!(refused("a.wav 0\n").contains("clips.txt:1"));
    }
}
