//! Mixing of two finished segments and of their labels: several mixers, and a choice among them.

mod add;
mod apply_mixed;
mod interface;
mod mixed;
mod mixer_choice;
mod mixup;
mod sigmoid_concat;

pub use add::{AddMixer, PartnerShare};
pub use mixed::{MixLabels, Mixed};
pub use mixer_choice::{Mix, Mixer, WeightedMixer};
pub(crate) use mixup::blend;
pub use mixup::{Mixup, MixupMixer, Partner};
pub use sigmoid_concat::SigmoidConcat;
