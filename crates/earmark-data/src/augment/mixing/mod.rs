//! Mixing of two finished segments and of their labels: several mixers, and a choice among them.

mod add;
mod interface;
mod mix;
mod mixed;
mod mixup;
mod sigmoid_concat;

pub use add::{AddMixer, PartnerShare};
pub use mix::{Mix, Mixer, WeightedMixer};
pub(crate) use mixed::blend;
pub use mixed::{MixLabels, Mixed};
pub use mixup::{Mixup, MixupMixer, Partner};
pub use sigmoid_concat::SigmoidConcat;
