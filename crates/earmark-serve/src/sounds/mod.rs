//! Parts of recordings as sound and as spectrograms, for the pages of a review and of an index.

mod answers;
mod cache;
mod range;

pub(crate) use answers::{PICTURE_KEYS, context, picture_answer, sound_answer};
pub(crate) use cache::{CutSound, SoundCache, SoundKey};
