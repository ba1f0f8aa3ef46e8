//! The models that are served, opened once.

use crate::config::ServeError;
use crate::failure::RequestFailure;
use axum::http::StatusCode;
use earmark_inference::model::ModelSource;
use earmark_inference::tag::{TagConfig, TagError, Tagger};
use earmark_inference::{Device, Model};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Ending of model files, which is not part of a served name.
const ENDING: &str = ".safetensors";

/// A model, or the blend of a cross-validation run's models.
pub(crate) struct ServedModel {
    pub name: String,
    pub models: Vec<Model>,
    /// What tags with the model's own settings.
    pub tagger: Arc<Tagger>,
}

impl ServedModel {
    fn open(word: &str, device: &Device) -> Result<Self, ServeError> {
        let sources = ModelSource::read_all(&[word.to_owned()])?;
        let models: Result<Vec<Model>, _> = sources
            .into_iter()
            .map(|source| source.into_model(device))
            .collect();
        let models = models?;
        Ok(Self {
            name: served_name(word),
            tagger: Arc::new(Tagger::with_models(models.clone(), &TagConfig::default())?),
            models,
        })
    }

    /// What tags with other settings.
    pub fn tagger_with(&self, settings: &TagConfig) -> Result<Tagger, RequestFailure> {
        let tagger = Tagger::with_models(self.models.clone(), settings);
        tagger.map_err(|e: TagError| RequestFailure::bad_request(self.without_paths(&e.to_string())))
    }

    /// A message in which the model has its name instead of the place of its files.
    pub fn without_paths(&self, message: &str) -> String {
        let paths = self.models.iter().map(|model| model.path().display().to_string());
        paths.fold(message.to_owned(), |message, path| {
            message.replace(&path, &self.name)
        })
    }

    /// What clients may know of it.
    pub fn description(&self) -> Value {
        let licences: Vec<&str> = self
            .models
            .iter()
            .filter_map(|model| model.meta().licence.as_deref())
            .collect();
        json!({
            "name": self.name,
            "models": self.models.len(),
            "hashes": self.models.iter().map(Model::hash).collect::<Vec<_>>(),
            "licence": licences.first(),
            "sample_rate_hz": self.tagger.ensemble().sample_rate_hz(),
            "classes": self.tagger.classes(),
            "windows": self.tagger.window_rule(),
            "thresholds": self.tagger.thresholds(),
            "embedding_width": match self.models.as_slice() {
                [one] => Some(one.scorer().network.embedding_len()),
                _ => None,
            },
        })
    }
}

/// All of them, the default first.
pub(crate) struct ServedModels(Vec<Arc<ServedModel>>);

impl ServedModels {
    /// Opens the models.
    pub fn open(words: &[String], device: &str) -> Result<Self, ServeError> {
        if words.is_empty() {
            return Err(ServeError::Request("no model is named; give --model".into()));
        }
        let device = Device::named(device).map_err(earmark_inference::PipelineError::from)?;
        let mut found: Vec<Arc<ServedModel>> = Vec::new();
        for word in words {
            let model = ServedModel::open(word, &device)?;
            if found.iter().any(|other| other.name == model.name) {
                return Err(ServeError::Request(format!(
                    "--model {word}: another model is served as {}; rename one of them",
                    model.name
                )));
            }
            found.push(Arc::new(model));
        }
        Ok(Self(found))
    }

    /// None, of a server that tags nothing.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<ServedModel>] {
        &self.0
    }

    /// The model of a name; without one, the first.
    pub fn find(&self, name: Option<&str>) -> Result<Arc<ServedModel>, RequestFailure> {
        let found = match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|model| model.name == name),
        };
        found.cloned().ok_or_else(|| {
            let names: Vec<&str> = self.0.iter().map(|model| model.name.as_str()).collect();
            RequestFailure::new(
                StatusCode::NOT_FOUND,
                format!(
                    "model={}: there is no such model; choose from {}",
                    name.unwrap_or_default(),
                    names.join(", ")
                ),
            )
        })
    }
}

/// The last part of a path, without the ending of model files.
fn served_name(word: &str) -> String {
    let name = Path::new(word)
        .file_name()
        .map_or_else(|| "model".into(), |name| name.to_string_lossy());
    name.strip_suffix(ENDING).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_served_name_says_nothing_of_the_place() {
        assert_eq!(served_name("/srv/models/birds.safetensors"), "birds");
        assert_eq!(served_name("runs/a@200"), "a@200");
        assert_eq!(served_name("runs/a/"), "a");
        assert_eq!(served_name(".."), "model");
    }
}
