//! What cached features are identified by.

use earmark_audio::{Damaged, Span};
use earmark_features::Extractor;

use super::cache_file_format::CacheEntry;
use super::content_hash::ContentHash;

/// What is cached of a clip. The recipe decides: features, unless the waveform is augmented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CachedForm {
    /// Features before postprocessing, `[channels, bands, frames]`.
    #[default]
    Features,
    /// Samples at the front end's rate, trimmed, as `[1, 1, samples]`.
    Samples,
}

/// What decoding makes of a file: raised where some files give other samples than before, so that nothing of old is
/// taken for them.
const DECODING: &[u8] = b"decoding 3; ";

/// The hash of a file's content and of what is computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CacheKey(pub(super) blake3::Hash);

impl CacheKey {
    pub(super) fn new(content: ContentHash, form: CachedForm, extractor: &Extractor) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(content.0.as_bytes());
        hasher.update(DECODING);
        match form {
            CachedForm::Features => hasher.update(extractor.fingerprint().as_bytes()),
            // What determines samples: the rate and what is trimmed, as decoding and resampling are the same for all.
            CachedForm::Samples => {
                let front_end = extractor.front_end();
                let (rate, trim) = (front_end.sample_rate_hz, front_end.trim_fingerprint());
                hasher.update(format!("samples 1; {rate} Hz{trim}").as_bytes())
            }
        };
        Self(hasher.finalize())
    }

    /// The key of a window of the file; that of all of it without one.
    pub(super) fn of_span(self, span: Option<Span>) -> Self {
        let Some(span) = span else { return self };
        let [start, length] = [span.start_us, span.length_us].map(u64::to_le_bytes);
        Self(blake3::hash(
            &[&b"span: "[..], self.0.as_bytes(), &start, &length].concat(),
        ))
    }

    /// The keys to look under: what was made of a damaged file is found only by who uses such files.
    pub(super) fn allowed(self, damaged: Damaged) -> impl Iterator<Item = Self> {
        let salvaged = (damaged == Damaged::Salvage).then(|| self.salvaged());
        [Some(self), salvaged].into_iter().flatten()
    }

    /// The key of an entry that was just computed.
    pub(super) fn of(self, entry: &CacheEntry) -> Self {
        match entry.damage {
            None => self,
            Some(_) => self.salvaged(),
        }
    }

    fn salvaged(self) -> Self {
        Self(blake3::hash(&[&b"salvaged: "[..], self.0.as_bytes()].concat()))
    }
}
