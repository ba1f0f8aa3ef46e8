//! The frozen part of a model: a network whose last layer is an identity, and a model file with a new last layer.

use super::examples::{LayerFeatures, ProbeLayer};
use crate::PipelineError;
use crate::training::classifier_variables;
use earmark_core::VERSION;
use earmark_engine::{FORMAT, HostTensor, LinearProbe, ModelFile, ModelMeta, Scorer, ScorerOutput, Tensors};
use earmark_features::{Extractor, FrontEnd, Segments};
use earmark_inference::Device;
use earmark_inference::model::{ModelSource, network_of_file};
use earmark_metrics::Calibration;
use earmark_models::{HiddenBypass, Network, VarSpec, Vars};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::find_model;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most features of a network that are probed: the identity that takes the place of its last layer is then 1 GiB.
const MOST_FEATURES: usize = 1 << 14;

/// The model whose network is used.
pub(super) struct ProbeSource {
    pub path: PathBuf,
    pub file: ModelFile,
    pub recipe: Recipe,
}

impl ProbeSource {
    /// Reads the model that a name means.
    pub fn read(model: &str) -> Result<Self, PipelineError> {
        let path = find_model(model)?;
        let file = ModelSource::read(&path)?.file;
        let recipe = Recipe::parse(&file.meta.recipe, &path)?;
        Ok(Self { path, file, recipe })
    }
}

/// Refuses more features than fit, such as the scores of an imported graph with very many classes.
fn check_width(path: &Path, width: usize) -> Result<(), PipelineError> {
    match width <= MOST_FEATURES {
        true => Ok(()),
        false => Err(PipelineError::Request(format!(
            "{}: has {width} features, and a probe takes at most {MOST_FEATURES}; import its graph again with \
             --embedding and the value before its last layer",
            path.display()
        ))),
    }
}

/// What a probe's model file contains instead of the source's.
pub(super) struct ProbeFile<'a> {
    pub recipe: &'a Recipe,
    pub classes: &'a [String],
    pub layer: ProbeLayer,
    pub fitted: &'a LinearProbe,
    pub calibration: Option<Calibration>,
}

/// A network without its last layer.
pub(super) struct Backbone {
    scorer: Scorer,
    /// Names of weight and bias of the last layer, which is fitted.
    layer: [String; 2],
    /// Features that the last layer takes.
    width: usize,
    /// How the hidden layer before it can be passed by.
    bypass: Option<HiddenBypass>,
    specs: Vec<VarSpec>,
    /// Indices of the classifier's variables.
    classifier: Vec<usize>,
}

impl Backbone {
    /// Opens the model with an identity as its last layer, so that its output is the features that the layer sees.
    pub fn open(source: &ProbeSource, device_name: &str) -> Result<Self, PipelineError> {
        let ProbeSource { path, file, recipe } = source;
        let device = Device::named(device_name)?;
        let extractor = Extractor::new(&recipe.predict_front_end())?;
        let config = recipe.network.with_linear_head();
        let (network, specs) = Network::build(&config, extractor.channels(), file.meta.classes.len())?;
        let found = classifier_variables(&network, &specs);
        let of = |ending: &str| {
            let is = |i: &&usize| specs[**i].name.ends_with(ending);
            found.iter().find(is).map(|&i| specs[i].clone())
        };
        let (Some(weight), Some(bias)) = (of("weight"), of("bias")) else {
            return Err(PipelineError::Request(format!(
                "{}: its network has no last layer with weight and bias; train only the head instead, with \
                 train.freeze",
                path.display()
            )));
        };
        // A 1 x 1 convolution is a dense layer too.
        let width: usize = weight.shape[1..].iter().product();
        check_width(path, width)?;
        let (network, specs) = network_of_file(path, file, &config, &extractor, width)?;
        // Before memory is asked for: what the recipe declares must be what the file holds.
        let replaced = |i: usize, spec: &VarSpec| spec.name == weight.name || found.contains(&i);
        let kept = specs.iter().enumerate().filter(|(i, spec)| !replaced(*i, spec));
        for (_, spec) in kept {
            if file
                .tensors
                .get(&spec.name)
                .is_none_or(|tensor| tensor.shape != spec.shape)
            {
                return Err(PipelineError::Request(format!(
                    "{}: `{}` is missing, or of another shape than its recipe says; the file was changed: restore it \
                     from a copy",
                    path.display(),
                    spec.name
                )));
            }
        }
        let mut values = Vec::with_capacity(specs.len());
        for (i, spec) in specs.iter().enumerate() {
            values.push(if spec.name == weight.name {
                (0..width * width)
                    .map(|k| f32::from(u8::from(k / width == k % width)))
                    .collect()
            } else if found.contains(&i) {
                vec![0.0; spec.len()]
            } else {
                let missing =
                    || PipelineError::Request(format!("{}: `{}` is missing", path.display(), spec.name));
                file.tensors.get(&spec.name).ok_or_else(missing)?.values.clone()
            });
        }
        let vars = device.prepare(Vars::with_values(values, specs.clone(), device.burn()));
        let bypass = network.bypass();
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
            width,
            bypass,
            specs,
            classifier: found,
        })
    }

    /// The network that computes features.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The same network on clips that are cut into segments of this length.
    pub fn cutting(&self, segments: &Segments) -> Result<Scorer, PipelineError> {
        let front_end = FrontEnd {
            segments: Some(segments.clone()),
            ..self.scorer.extractor.front_end().clone()
        };
        Ok(Scorer {
            extractor: Arc::new(Extractor::new(&front_end)?),
            ..self.scorer.clone()
        })
    }

    /// The output of the network that has the features of [`Self::layers`], one layer after the other.
    pub fn output(&self) -> ScorerOutput {
        match self.bypass {
            Some(_) => ScorerOutput::LogitsAndHiddenInput,
            None => ScorerOutput::Logits,
        }
    }

    /// The layers that can be classified, without features yet; of them `only` one, if it is there. The last one always
    /// is.
    pub fn layers(&self, only: Option<ProbeLayer>) -> Vec<LayerFeatures> {
        let last = LayerFeatures::new(ProbeLayer::Last, 0..self.width);
        let columns = self.bypass.map(|bypass| self.width..self.width + bypass.inputs);
        let pooled = columns.map(|columns| LayerFeatures::new(ProbeLayer::Pooled, columns));
        match (only, pooled) {
            (Some(ProbeLayer::Pooled), Some(pooled)) => vec![pooled],
            (None, Some(pooled)) => vec![last, pooled],
            (_, _) => vec![last],
        }
    }

    /// The mean of the model's weights for the similar classes of each class; 0 for a class without similar ones.
    pub fn prior(
        &self,
        source: &ProbeSource,
        classes: &[String],
        like: &BTreeMap<String, Vec<String>>,
    ) -> Result<Option<LinearProbe>, PipelineError> {
        if like.is_empty() {
            return Ok(None);
        }
        let (file, path) = (&source.file, source.path.display());
        let [Some(weight), Some(bias)] = self.layer.each_ref().map(|name| file.tensors.get(name)) else {
            return Err(PipelineError::Request(format!(
                "--like: {path} has no last layer to take weights of, as its scores are those of an imported graph; \
                 leave it out"
            )));
        };
        let (weight, bias) = (&weight.values, &bias.values);
        let width = self.width;
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
                let from = find(&file.meta.classes, other, &format!("{path} has"))?;
                prior.bias[row] += bias[from] / n;
                for k in 0..width {
                    prior.weight[row * width + k] += weight[from * width + k] / n;
                }
            }
        }
        Ok(Some(prior))
    }

    /// Writes a copy of the source's model file with the fitted layer as its last one; a probe of pooled features
    /// passes the hidden layer by.
    pub fn write(&self, out: &Path, source: &ModelFile, probe: ProbeFile) -> Result<(), PipelineError> {
        let mut tensors = source.tensors.clone();
        let fitted = match (probe.layer, &self.bypass) {
            (ProbeLayer::Pooled, Some(bypass)) => {
                let (weight, bias) = bypass.layer();
                for (name, values) in [("weight", weight), ("bias", bias)] {
                    self.replace(&mut tensors, &format!("{}{name}", bypass.prefix), values);
                }
                let (weight, bias) = bypass.logits(&probe.fitted.weight, &probe.fitted.bias);
                LinearProbe { weight, bias }
            }
            _ => probe.fitted.clone(),
        };
        for &i in &self.classifier {
            let spec = &self.specs[i];
            let mut shape = spec.shape.clone();
            shape[0] = probe.classes.len();
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
            recipe: probe.recipe.to_toml(),
            classes: probe.classes.to_vec(),
            calibration: probe.calibration,
            ..source.meta.clone()
        };
        let file = ModelFile {
            meta,
            tensors,
            graph: source.graph.clone(),
        };
        Ok(file.save(out)?)
    }

    /// Other values for a variable of the backbone.
    fn replace(&self, tensors: &mut Tensors, name: &str, values: Vec<f32>) {
        if let Some(spec) = self.specs.iter().find(|spec| spec.name == name) {
            let shape = spec.shape.clone();
            tensors.insert(spec.name.clone(), HostTensor { shape, values });
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use earmark_engine::SegmentBatch;
    use earmark_inference::Model;
    use earmark_models::VarId;

    /// A network as wide as a tenth of the published one, with random weights, for three classes.
    pub fn source() -> ProbeSource {
        let recipe = Recipe::load("efficientat/mn04", &["network.width=0.1".to_owned()]).unwrap();
        let channels = Extractor::new(&recipe.front_end).unwrap().channels();
        let (_, specs) = Network::build(&recipe.network, channels, 3).unwrap();
        let vars = Vars::init(specs, 5, Device::cpu().unwrap().burn());
        let tensor = |(i, spec): (usize, &VarSpec)| {
            let (shape, values) = (spec.shape.clone(), vars.to_vec(VarId(i)));
            (spec.name.clone(), HostTensor { shape, values })
        };
        let tensors = vars.specs().iter().enumerate().map(tensor).collect();
        let meta = ModelMeta {
            format: FORMAT,
            version: VERSION.into(),
            recipe: recipe.to_toml(),
            classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
            licence: None,
            source: None,
            step: 0,
            calibration: None,
        };
        ProbeSource {
            path: "random.safetensors".into(),
            file: ModelFile {
                meta,
                tensors,
                graph: None,
            },
            recipe,
        }
    }

    /// Two segments of half a second.
    fn batch() -> SegmentBatch {
        let x = (0..2 * 128 * 50).map(|i| (i as f32 * 0.37).sin()).collect();
        SegmentBatch::new(x, [2, 1, 128, 50])
    }

    /// A probe of either layer, written into the model's file, gives the logits that it gives on the features.
    #[test]
    fn the_written_model_is_the_probe() {
        let source = source();
        let backbone = Backbone::open(&source, "cpu").unwrap();
        let layers = backbone.layers(None);
        let widths: Vec<usize> = layers.iter().map(|layer| layer.width).collect();
        assert_eq!(layers[0].layer, ProbeLayer::Last);
        assert_eq!(layers[1].layer, ProbeLayer::Pooled);
        let rows = backbone.scorer().forward(backbone.output(), batch());
        assert_eq!(rows.len(), 2 * (widths[0] + widths[1]));

        let dir = tempfile::tempdir().unwrap();
        for (index, layer) in layers.iter().enumerate() {
            let width = widths[index];
            let fitted = LinearProbe {
                weight: (0..2 * width).map(|i| (i as f32 * 1.3).cos()).collect(),
                bias: vec![0.25, -3.0],
            };
            let path = dir.path().join(format!("{index}.safetensors"));
            let classes = ["x", "y"].map(str::to_owned);
            let file = ProbeFile {
                recipe: &source.recipe,
                classes: &classes,
                layer: layer.layer,
                fitted: &fitted,
                calibration: None,
            };
            backbone.write(&path, &source.file, file).unwrap();
            let model = Model::open_file(&path, &Device::cpu().unwrap()).unwrap();
            assert_eq!(model.classes(), classes);
            let got = model.scorer().forward(ScorerOutput::Logits, batch());
            let from = widths[..index].iter().sum::<usize>();
            for (k, row) in rows.chunks_exact(widths[0] + widths[1]).enumerate() {
                let features = &row[from..from + width];
                let want = fitted.logits(features, width);
                // Sums in single precision, of features to which the bypass adds 4.
                let size: f64 = features.iter().map(|v| f64::from(v.abs()) + 4.0).sum();
                for (got, want) in got[2 * k..2 * k + 2].iter().zip(want) {
                    let off = (f64::from(*got) - want).abs();
                    assert!(off < 1e-5 * size, "layer {index}: {got}, {want}");
                }
            }
        }
        for only in [ProbeLayer::Last, ProbeLayer::Pooled] {
            let layers = backbone.layers(Some(only));
            assert_eq!((layers.len(), layers[0].layer), (1, only));
        }
    }

    #[test]
    fn too_many_features_are_refused() {
        let path = Path::new("m.safetensors");
        check_width(path, MOST_FEATURES).unwrap();
        let message = check_width(path, MOST_FEATURES + 1).unwrap_err().to_string();
        assert!(
            message.starts_with("m.safetensors: has 16385 features"),
            "{message}"
        );
    }
}
