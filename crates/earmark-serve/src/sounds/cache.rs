//! The sounds that were asked for last: a player asks for parts, and a spectrogram is of the same sound.

use bytes::Bytes;
use earmark_review::CutOut;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes that are kept.
const MOST_BYTES: usize = 128 << 20;

/// Of an item its number, its context in milliseconds, and 0; of a recording its number, and start and end of the part
/// in milliseconds.
pub(crate) type SoundKey = (usize, u64, u64);

/// The sound of an item.
#[derive(Debug)]
pub(crate) struct CutSound {
    pub cut: CutOut,
    pub wav: Bytes,
}

impl CutSound {
    pub fn new(cut: CutOut) -> Self {
        Self {
            wav: cut.wav().into(),
            cut,
        }
    }

    fn size(&self) -> usize {
        self.wav.len() + 4 * self.cut.samples.len()
    }
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    sounds: VecDeque<(SoundKey, Arc<CutSound>)>,
    bytes: usize,
}

/// The sounds that were asked for last.
#[derive(Default)]
pub(crate) struct SoundCache(Mutex<Kept>);

impl SoundCache {
    pub fn find(&self, key: SoundKey) -> Option<Arc<CutSound>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.sounds.iter().find(|(other, _)| *other == key);
        found.map(|(_, sound)| Arc::clone(sound))
    }

    /// Keeps a sound; the oldest ones make room.
    pub fn keep(&self, key: SoundKey, sound: &Arc<CutSound>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.sounds.iter().any(|(other, _)| *other == key) {
            return;
        }
        kept.bytes += sound.size();
        kept.sounds.push_back((key, Arc::clone(sound)));
        while kept.bytes > MOST_BYTES {
            let Some((_, oldest)) = kept.sounds.pop_front() else {
                break;
            };
            kept.bytes -= oldest.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(seconds: usize) -> Arc<CutSound> {
        Arc::new(CutSound::new(CutOut {
            samples: vec![0.0; 1_000_000 * seconds],
            sample_rate_hz: 1_000_000,
            start_seconds: 0.0,
            is_cut: false,
        }))
    }

    #[test]
    fn the_oldest_sounds_make_room() {
        let cache = SoundCache::default();
        // Six million bytes each.
        for item in 0..30 {
            cache.keep((item, 0, 0), &sound(1));
            cache.keep((item, 0, 0), &sound(1));
        }
        assert!(cache.find((0, 0, 0)).is_none());
        assert!(cache.find((29, 1, 0)).is_none());
        assert_eq!(
            (0..30).filter(|item| cache.find((*item, 0, 0)).is_some()).count(),
            22
        );
        assert!(cache.find((29, 0, 0)).is_some());
    }
}
