//! A labelled folder to a tagger in seconds: the last layer of a network anew, everything before it as it is.

use crate::split::with_folds;
use crate::training::classifier_variables;
use crate::training::prepare_features;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::VERSION;
use earmark_data::{DataOptions, DataSet, FeatureStore, Item};
use earmark_engine::{
    FORMAT, HostTensor, LinearProbe, LinearProbeData, Loss, ModelFile, ModelMeta, Scorer, ScorerOutput,
};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_inference::{SegmentRowsJob, mean_of, segment_rows};
use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
use earmark_models::{Network, VarId, VarSpec, Vars};
use earmark_recipe::{FoldsConfig, Recipe};
use earmark_runs::run_dir::find_model;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Strengths of regularisation that are tried.
pub const STRENGTHS: [f64; 7] = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0];
/// Folds that are dealt where the data has none.
const FOLDS: u32 = 5;
/// Neighbours that vote, to compare with.
const NEIGHBOURS: usize = 5;

/// What to fit.
#[derive(Clone, Debug)]
pub struct ProbeJob {
    /// The model whose network is used: a file, RUN or RUN@STEP.
    pub model: String,
    /// A labelled data folder.
    pub data: PathBuf,
    /// How it is read.
    pub options: DataOptions,
    /// A fold table, where the data has none or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// For classes of the data those of the model that they are like: regularisation draws their weights there instead of to 0.
    pub like: BTreeMap<String, Vec<String>>,
    /// Strengths of regularisation; with several the best one is found by folds of the clips that are fitted to.
    pub strengths: Vec<f64>,
    /// Whether each fold is judged by what the others say.
    pub judge: bool,
    /// The model file to write.
    pub out: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

/// A fold judged by a probe of the others.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ProbedFold {
    /// The fold.
    pub fold: u32,
    /// Its clips.
    pub clips: usize,
    /// The strength that the other folds chose among themselves.
    pub strength: f64,
    /// Share of clips whose highest score is a label.
    pub accuracy: Option<f64>,
    /// The same for the vote of the nearest neighbours.
    pub neighbours: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    /// The strength of the written model.
    pub strength: f64,
    /// Clips that it is fitted to.
    pub clips: usize,
    /// Features of each.
    pub features: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Every fold, judged by the others.
    pub folds: Vec<ProbedFold>,
    /// All of them together, and their scores.
    pub judged: Option<(Report, ScoreTable)>,
    /// Clips that can't be read.
    pub skipped: Skips,
}

/// Fits a probe; `None` when stopped.
pub fn probe(
    job: &ProbeJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ProbeResult>, PipelineError> {
    let path = find_model(&job.model)?;
    let file = ModelFile::read(&path)?;
    let source = Recipe::parse(&file.meta.recipe, &path)?;
    let recipe = recipe(&source, job)?;
    let data = open_data(&recipe, &job.data)?;
    let data = with_folds(&recipe, &data, true, job.fold_table.as_deref())?;
    let classes = data.classes.names().to_vec();
    let single_label = !data.multi_label;

    let body = Body::open(&path, &file, &source, &job.device)?;
    let Some((clips, items, skipped)) = body.features(&source, &data, single_label, observer, stop)? else {
        return Ok(None);
    };
    let prior = body.prior(&file, &path, &classes, &job.like)?;
    let folds: Vec<u32> = items.iter().map(|i| i.fold.unwrap_or(0)).collect();
    let mut done = ProbeResult {
        strength: 0.0,
        clips: clips.clips(),
        features: clips.width,
        classes: classes.clone(),
        folds: Vec::new(),
        judged: None,
        skipped,
    };
    if job.judge {
        let (judged, table) = judge(job, &clips, &items, &folds, &classes, prior.as_ref(), observer)?;
        done.folds = judged;
        done.judged = Some(table);
    }
    done.strength = best_strength(&clips, &folds, &job.strengths, prior.as_ref());
    if let Some(out) = &job.out {
        let fitted = LinearProbe::fit(&clips, done.strength, prior.as_ref());
        body.write(out, &file, &recipe, &classes, &fitted)?;
    }
    Ok(Some(done))
}

/// The model's recipe for the classes of this data.
fn recipe(source: &Recipe, job: &ProbeJob) -> Result<Recipe, PipelineError> {
    let mut recipe = source.clone();
    recipe.name = format!("{}/probe", source.name);
    recipe.description = format!("Logistic regression on the features of {}", source.name);
    recipe.data = job.options.clone();
    recipe.folds = Some(FoldsConfig {
        count: FOLDS,
        seed: 0,
        stratify: None,
        subsets: None,
    });
    let labels = !open_data(&recipe, &job.data)?.multi_label;
    recipe.train.loss = match labels {
        true => Loss::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        false => Loss::default(),
    };
    recipe.train.noisy_subsets.clear();
    (recipe.train.start, recipe.train.freeze) = (None, Vec::new());
    Ok(recipe)
}

/// A network up to its last layer.
struct Body {
    scorer: Scorer,
    /// Names of weight and bias of the layer that is fitted.
    layer: [String; 2],
    specs: Vec<VarSpec>,
    /// Positions of the classifier's variables.
    classifier: Vec<usize>,
}

impl Body {
    /// The model with a last layer that lets its inputs through: what it gives are the features that the layer sees.
    fn open(
        path: &Path,
        file: &ModelFile,
        recipe: &Recipe,
        device_name: &str,
    ) -> Result<Self, PipelineError> {
        let device = Device::named(device_name)?;
        let extractor = Extractor::new(&recipe.predict_front_end())?;
        let (network, specs) =
            Network::build(&recipe.network, extractor.channels(), file.meta.classes.len())?;
        let found = classifier_variables(&network, &specs);
        let of = |ending: &str| {
            let is = |i: &&usize| specs[**i].name.ends_with(ending);
            found.iter().find(is).map(|&i| specs[i].clone())
        };
        let (Some(weight), Some(bias)) = (of("weight"), of("bias")) else {
            return Err(PipelineError::Request(format!(
                "{}: its network has no last layer with weight and bias; train a head with train.freeze instead",
                path.display()
            )));
        };
        // A convolution of 1 x 1 is a dense layer too.
        let width: usize = weight.shape[1..].iter().product();
        let (network, specs) = Network::build(&recipe.network, extractor.channels(), width)?;
        let mut vars = device.prepare(Vars::init(specs.clone(), 0, device.burn()));
        for (i, spec) in specs.iter().enumerate() {
            let values = if spec.name == weight.name {
                (0..width * width)
                    .map(|k| f32::from(u8::from(k / width == k % width)))
                    .collect()
            } else if found.contains(&i) {
                vec![0.0; spec.len()]
            } else {
                let missing =
                    || PipelineError::Request(format!("{}: `{}` is missing", path.display(), spec.name));
                file.tensors.get(&spec.name).ok_or_else(missing)?.values.clone()
            };
            vars.set_vec(VarId(i), values);
        }
        let scorer = Scorer {
            network,
            vars,
            loss: recipe.train.loss.clone(),
            extractor: Arc::new(extractor),
            random_crops: None,
            batch: recipe.batches.size,
            device: device.burn().clone(),
        };
        Ok(Self {
            scorer,
            layer: [weight.name, bias.name],
            specs,
            classifier: found,
        })
    }

    /// The features of all clips that can be read.
    fn features(
        &self,
        recipe: &Recipe,
        data: &DataSet,
        single_label: bool,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<(LinearProbeData, Vec<Item>, Skips)>, PipelineError> {
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        prepare_features(&store, &data.items, observer, stop)?;
        let (mut x, mut kept, mut skipped) = (Vec::new(), Vec::new(), Skips::new());
        let logits = SegmentRowsJob {
            scorer: &self.scorer,
            output: ScorerOutput::Logits,
            items: &data.items,
            store: &store,
            observer,
            stop,
        };
        let whole = segment_rows(&logits, |i, result| match result {
            Ok((starts, values)) => {
                let width = values.len() / starts.len().max(1);
                x.extend(mean_of(&values, width));
                kept.push(data.items[i].clone());
            }
            Err(reason) => skipped.push((data.items[i].file.clone(), reason)),
        })?;
        let classes = data.classes.len();
        let clips = LinearProbeData {
            width: x.len() / kept.len().max(1),
            y: kept.iter().flat_map(|i| i.multi_hot(classes)).collect(),
            x,
            classes,
            single_label,
        };
        if whole && clips.clips() < 2 {
            return Err(PipelineError::Request(format!(
                "{}: fewer than two clips can be read; there is nothing to learn from",
                data.root.display()
            )));
        }
        Ok(whole.then_some((clips, kept, skipped)))
    }

    /// The mean of the model's own weights for the classes that each class is like; 0 for a class that is like none.
    fn prior(
        &self,
        file: &ModelFile,
        path: &Path,
        classes: &[String],
        like: &BTreeMap<String, Vec<String>>,
    ) -> Result<Option<LinearProbe>, PipelineError> {
        if like.is_empty() {
            return Ok(None);
        }
        let [weight, bias] = self.layer.each_ref().map(|name| &file.tensors[name].values);
        let width = weight.len() / bias.len().max(1);
        let mut prior = LinearProbe {
            weight: vec![0.0; classes.len() * width],
            bias: vec![0.0; classes.len()],
        };
        let find = |names: &[String], class: &str, whose: &str| {
            let none = || PipelineError::Request(format!("--like: {whose} no class {class:?}"));
            names.iter().position(|n| n == class).ok_or_else(none)
        };
        for (class, others) in like {
            let row = find(classes, class, "the data has")?;
            let n = others.len() as f32;
            for other in others {
                let from = find(&file.meta.classes, other, &format!("{} has", path.display()))?;
                prior.bias[row] += bias[from] / n;
                for k in 0..width {
                    prior.weight[row * width + k] += weight[from * width + k] / n;
                }
            }
        }
        Ok(Some(prior))
    }

    /// A model file like the source's, with the fitted layer in the place of its last one.
    fn write(
        &self,
        out: &Path,
        file: &ModelFile,
        recipe: &Recipe,
        classes: &[String],
        fitted: &LinearProbe,
    ) -> Result<(), PipelineError> {
        let mut tensors = file.tensors.clone();
        for &i in &self.classifier {
            let spec = &self.specs[i];
            let mut shape = spec.shape.clone();
            shape[0] = classes.len();
            let values = match &spec.name {
                name if *name == self.layer[0] => fitted.weight.clone(),
                name if *name == self.layer[1] => fitted.bias.clone(),
                // Heads that only training listens to.
                _ => vec![0.0; shape.iter().product()],
            };
            tensors.insert(spec.name.clone(), HostTensor { shape, values });
        }
        let meta = ModelMeta {
            format: FORMAT,
            version: VERSION.into(),
            recipe: recipe.to_toml(),
            classes: classes.to_vec(),
            calibration: None,
            ..file.meta.clone()
        };
        Ok(ModelFile { meta, tensors }.save(out)?)
    }
}

/// The strength with the smallest loss on folds that it was not fitted to.
fn best_strength(
    clips: &LinearProbeData,
    folds: &[u32],
    strengths: &[f64],
    prior: Option<&LinearProbe>,
) -> f64 {
    let mut known = folds.to_vec();
    known.sort_unstable();
    known.dedup();
    if known.len() < 2 || strengths.len() == 1 {
        return strengths[strengths.len() / 2];
    }
    let loss = |strength: f64| -> f64 {
        let of_fold = |fold: &u32| {
            let (judged, rest): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == *fold);
            let fitted = LinearProbe::fit(&clips.select(&rest), strength, prior);
            fitted.loss(&clips.select(&judged)) * judged.len() as f64
        };
        known.iter().map(of_fold).sum()
    };
    let mut best = (f64::INFINITY, strengths[0]);
    for &strength in strengths {
        let loss = loss(strength);
        if loss < best.0 {
            best = (loss, strength);
        }
    }
    best.1
}

type Judged = (Vec<ProbedFold>, (Report, ScoreTable));

/// Every fold by a probe of the others, whose strength the others have chosen among themselves.
fn judge(
    job: &ProbeJob,
    clips: &LinearProbeData,
    items: &[Item],
    folds: &[u32],
    classes: &[String],
    prior: Option<&LinearProbe>,
    observer: Observer,
) -> Result<Judged, PipelineError> {
    let mut known = folds.to_vec();
    known.sort_unstable();
    known.dedup();
    if known.len() < 2 {
        return Err(PipelineError::Request(
            "--folds: all clips are of one fold; at least 2 are needed, one to judge and one to fit to"
                .into(),
        ));
    }
    let mut values = vec![0.0; clips.y.len()];
    let mut lines = Vec::new();
    for &fold in &known {
        let (judged, rest): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == fold);
        let (there, here) = (clips.select(&rest), clips.select(&judged));
        let inner: Vec<u32> = rest.iter().map(|&i| folds[i]).collect();
        let strength = best_strength(&there, &inner, &job.strengths, prior);
        let fitted = LinearProbe::fit(&there, strength, prior);
        let scores = scores(
            &fitted.logits(&here.x, here.width),
            classes.len(),
            clips.single_label,
        );
        for (&i, row) in judged.iter().zip(scores.chunks_exact(classes.len())) {
            values[i * classes.len()..(i + 1) * classes.len()].copy_from_slice(row);
        }
        let aligned = |scores: Vec<f32>| -> Result<Aligned, PipelineError> {
            let files = judged.iter().map(|&i| items[i].file.clone()).collect();
            let truth = here.y.iter().map(|y| *y > 0.0).collect();
            Ok(Aligned::from_rows(
                ScoreTable::new(files, classes.to_vec(), scores)?,
                truth,
            )?)
        };
        let votes = votes(&there, &here);
        lines.push(ProbedFold {
            fold,
            clips: judged.len(),
            strength,
            accuracy: aligned(scores)?.accuracy(),
            neighbours: aligned(votes)?.accuracy(),
        });
        observer(Event::Note(format!("fold {fold} of {}", known.len())));
    }
    let files = items.iter().map(|i| i.file.clone()).collect();
    let table = ScoreTable::new(files, classes.to_vec(), values)?;
    let truth = clips.y.iter().map(|y| *y > 0.0).collect();
    let report = Report::of(
        &Aligned::from_rows(table.clone(), truth)?,
        &ReportOptions::default(),
    )?;
    Ok((lines, (report, table)))
}

/// Scores of logits, a clip a row.
fn scores(logits: &[f64], classes: usize, single_label: bool) -> Vec<f32> {
    let mut out = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        if single_label {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|z| (z - most).exp()).sum();
            out.extend(row.iter().map(|z| ((z - most).exp() / sum) as f32));
        } else {
            out.extend(row.iter().map(|z| (1.0 / (1.0 + (-z).exp())) as f32));
        }
    }
    out
}

/// For each clip of `here` the labels of the clips of `there` that it is most like, weighted by how like they are.
fn votes(there: &LinearProbeData, here: &LinearProbeData) -> Vec<f32> {
    let mut index = earmark_index::Embeddings::new(there.width, false);
    for row in there.x.chunks_exact(there.width) {
        index.push("", None, row);
    }
    let mut out = Vec::with_capacity(here.y.len());
    for query in here.x.chunks_exact(here.width) {
        let mut sum = vec![0.0; here.classes];
        for near in index.nearest(query, NEIGHBOURS, |_| true) {
            let labels = &there.y[near.row * there.classes..(near.row + 1) * there.classes];
            sum.iter_mut()
                .zip(labels)
                .for_each(|(s, y)| *s += y * near.similarity.max(0.0));
        }
        out.extend(sum);
    }
    out
}
