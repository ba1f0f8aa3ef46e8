//! The frozen part of a model: its embeddings, and a model file with a new last layer.

use super::cross_validation::ProbeClips;
use crate::training::{classifier_variables, prepare_clips};
use crate::{Observer, PipelineError, Skips};
use earmark_core::VERSION;
use earmark_data::feature_store::CachedForm;
use earmark_data::{DataSet, FeatureStore};
use earmark_engine::{
    FORMAT, HostTensor, LinearProbe, LinearProbeData, ModelFile, ModelMeta, Scorer, ScorerOutput,
};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::{SegmentRowsJob, segment_rows};
use earmark_models::{Network, VarId, VarSpec, Vars};
use earmark_recipe::Recipe;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A network without its last layer.
pub(super) struct Backbone {
    scorer: Scorer,
    /// Names of weight and bias of the last layer, which is fitted.
    layer: [String; 2],
    specs: Vec<VarSpec>,
    /// Indices of the classifier's variables.
    classifier: Vec<usize>,
}

impl Backbone {
    /// Opens the model with an identity as its last layer, so that its output is the features that the layer sees.
    pub fn open(
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
                "{}: its network has no last layer with weight and bias; train only the head instead, with train.freeze",
                path.display()
            )));
        };
        // A 1 x 1 convolution is a dense layer too.
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

    /// The features of all readable clips; `None` when stopped.
    pub fn features(
        &self,
        recipe: &Recipe,
        data: &DataSet,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<ProbeClips>, PipelineError> {
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        prepare_clips(CachedForm::Features, &store, &data.items, observer, stop)?;
        let (mut x, mut items, mut skipped) = (Vec::new(), Vec::new(), Skips::new());
        let logits = SegmentRowsJob {
            scorer: &self.scorer,
            output: ScorerOutput::Logits,
            items: &data.items,
            store: &store,
            observer,
            stop,
        };
        let complete = segment_rows(&logits, &mut skipped, |i, segments| {
            x.extend(segments.mean());
            items.push(data.items[i].clone());
        })?;
        let classes = data.classes.len();
        let features = LinearProbeData {
            width: x.len() / items.len().max(1),
            y: items.iter().flat_map(|i| i.multi_hot(classes)).collect(),
            x,
            classes,
            single_label: !data.multi_label,
        };
        if complete && features.clips() < 2 {
            return Err(PipelineError::Request(format!(
                "{}: fewer than two clips can be read; a probe needs at least two",
                data.root.display()
            )));
        }
        Ok(complete.then(|| ProbeClips {
            data: features,
            folds: items.iter().map(|i| i.fold.unwrap_or(0)).collect(),
            items,
            skipped,
        }))
    }

    /// The mean of the model's weights for the similar classes of each class; 0 for a class without similar ones.
    pub fn prior(
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

    /// Writes a copy of the source's model file with the fitted layer as its last one.
    pub fn write(
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
                // Heads that only training uses.
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
