//! Metrics of a ranked list of classes: lwlrap, MAP@k, accuracy.

mod lwlrap;
mod map_at_k;
mod top_k;

pub use lwlrap::Lwlrap;
pub(crate) use lwlrap::label_precision;
pub use map_at_k::average_precision_at;
pub(crate) use map_at_k::average_precision_of;
pub(crate) use top_k::hit;
pub use top_k::top_k;
