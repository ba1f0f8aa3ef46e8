//! The published models that can be downloaded.

mod audioset_names_and_label_tables;
mod installed_models;

pub(crate) use audioset_names_and_label_tables::fsdkaggle2019;
pub use audioset_names_and_label_tables::{audioset, read_labels};
pub use installed_models::{installed_model, models_folder};

use crate::PublishedArchitecture;
use earmark_core::text::suggest;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A published model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedModel {
    /// Its name in `earmark models get`; its file is `NAME.safetensors` in the models folder.
    pub name: String,
    /// The name of its network in `earmark models import --as`.
    pub architecture: String,
    /// The address at which its authors publish the checkpoint.
    pub url: String,
    /// The checkpoint's size in bytes, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The checkpoint's SHA-256, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why the SHA-256 is not known, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum_unknown: Option<String>,
    /// Mean average precision on AudioSet, as its authors state it.
    pub map: f64,
}

/// Weights that their authors offer where `earmark models get` can't fetch them: to be downloaded by hand and imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HandDownload {
    /// The name of their network in `earmark models import --as`.
    pub architecture: String,
    /// The page at which their authors offer them.
    pub url: String,
    /// What is there, as words in a sentence.
    pub content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Catalogue {
    model: Vec<PublishedModel>,
    hand_download: Vec<HandDownload>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    toml::from_str(include_str!("catalogue.toml")).expect("the catalogue was checked by a test")
});

/// All published models that can be downloaded.
pub fn published_models() -> &'static [PublishedModel] {
    &CATALOGUE.model
}

/// All weights that are published for download by hand.
pub fn hand_downloads() -> &'static [HandDownload] {
    &CATALOGUE.hand_download
}

/// A name as the catalogue spells it: small letters, `-` for `_`.
fn normalised(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// The published model of that name; `mn04_as` is found too.
pub fn published_model(name: &str) -> Option<&'static PublishedModel> {
    let name = normalised(name);
    let matches =
        |m: &&PublishedModel| m.name == name || m.name.strip_prefix("efficientat-") == Some(name.as_str());
    published_models().iter().find(matches)
}

/// The published model with the most similar name, if one is similar enough for a typing error.
pub fn nearest_published(name: &str) -> Option<&'static str> {
    suggest(name, published_models().iter().map(|m| m.name.as_str()))
}

impl PublishedModel {
    /// The file name of the checkpoint.
    pub fn file_name(&self) -> String {
        let path = self.url.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().replace("%3D", "=")
    }

    /// Its network.
    pub fn architecture(&self) -> Option<PublishedArchitecture> {
        PublishedArchitecture::parse(&self.architecture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete() {
        for e in published_models() {
            let network = e
                .architecture()
                .unwrap_or_else(|| panic!("{} has no network", e.name));
            assert_eq!(network.name(), e.architecture);
            assert!(e.name.starts_with(&e.architecture) && e.name == normalised(&e.name));
            assert!(
                e.url.starts_with("https://") && !e.file_name().contains('%'),
                "{}",
                e.url
            );
            // The authors write the score into the name.
            let digits = format!("{:.3}", e.map);
            let name = e.file_name();
            assert!(name.contains(&digits[2..]), "{name} lacks {digits}");
            let is_hex = |s: &str| s.len() == 64 && s.bytes().all(|b| b.is_ascii_hexdigit());
            match (&e.sha256, &e.checksum_unknown) {
                (Some(sum), None) => assert!(is_hex(sum) && e.bytes.is_some(), "{}", e.name),
                (None, Some(why)) => assert!(!why.is_empty() && e.bytes.is_none(), "{}", e.name),
                _ => panic!("{}: give sha256 or checksum-unknown", e.name),
            }
        }
        let names: std::collections::BTreeSet<_> = published_models().iter().map(|e| &e.name).collect();
        assert_eq!(names.len(), published_models().len());
    }

    #[test]
    fn weights_to_download_by_hand_have_a_network_and_a_page() {
        assert!(!hand_downloads().is_empty());
        for e in hand_downloads() {
            let network = PublishedArchitecture::parse(&e.architecture);
            assert_eq!(network.map(|n| n.name()).as_ref(), Some(&e.architecture));
            assert!(e.url.starts_with("https://") && !e.content.is_empty());
        }
    }

    #[test]
    fn names_are_found_in_all_their_spellings() {
        for name in ["efficientat-mn04-as", "mn04_as", "MN04-AS"] {
            assert_eq!(
                published_model(name).unwrap().name,
                "efficientat-mn04-as",
                "{name}"
            );
        }
        assert_eq!(
            published_model("panns-cnn14").unwrap().file_name(),
            "Cnn14_mAP=0.431.pth"
        );
        assert!(published_model("mn04").is_none());
        assert_eq!(nearest_published("panns-cn14"), Some("panns-cnn14"));
    }
}
