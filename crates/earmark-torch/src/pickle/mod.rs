//! Python pickles, as far as a state dict needs them: what they build, and the machine that builds it.

mod allowed_names;
mod machine;
mod value;

pub(crate) use machine::run;
pub(crate) use value::{PickleObjects, PickleValue, TensorView};
