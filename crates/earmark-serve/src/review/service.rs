//! What all requests of a review share.

use super::learning::{Learning, LearningConfig};
use crate::archive::ArchiveConfig;
use crate::config::ServeConfig;
use crate::limits::ServeLimits;
use crate::sounds::SoundCache;
use earmark_review::ReviewDesk;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// How the page of a review is served.
#[derive(Clone, Debug)]
pub struct ReviewServeConfig {
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// A file with the token that clients must send.
    pub token_file: Option<PathBuf>,
    /// What clients may ask for.
    pub limits: ServeLimits,
}

impl Default for ReviewServeConfig {
    /// A free port of this machine, without a token.
    fn default() -> Self {
        let ServeConfig {
            bind,
            token_file,
            limits,
            ..
        } = ServeConfig::new("");
        Self {
            bind,
            token_file,
            limits,
        }
    }
}

impl ReviewServeConfig {
    /// The same for a server without models.
    pub(crate) fn without_models(&self) -> ServeConfig {
        ServeConfig {
            models: Vec::new(),
            device: "cpu".into(),
            bind: self.bind,
            token_file: self.token_file.clone(),
            limits: self.limits.clone(),
        }
    }
}

/// What is served: items to review, an index of an archive, or both.
#[derive(Default)]
pub struct ReviewContents {
    /// Items to review.
    pub desk: Option<ReviewDesk>,
    /// How to learn again from their decisions.
    pub learning: Option<LearningConfig>,
    /// An index to search, label and train on.
    pub archive: Option<ArchiveConfig>,
}

impl From<ReviewDesk> for ReviewContents {
    fn from(desk: ReviewDesk) -> Self {
        Self {
            desk: Some(desk),
            ..Self::default()
        }
    }
}

/// A review that is served.
pub(crate) struct ReviewService {
    pub desk: Arc<ReviewDesk>,
    pub sounds: SoundCache,
    pub learning: Option<Arc<Learning>>,
}

impl ReviewService {
    pub fn new(desk: ReviewDesk, learning: Option<LearningConfig>) -> Self {
        Self {
            desk: Arc::new(desk),
            sounds: SoundCache::default(),
            learning: learning.map(|config| Arc::new(Learning::new(config))),
        }
    }
}
