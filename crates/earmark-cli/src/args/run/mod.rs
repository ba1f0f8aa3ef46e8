//! Arguments of the commands that run models.

mod bench;
mod blend;
mod bundle;
mod embed;
mod export;
mod listen;
mod models;
mod neighbours;
mod predict;
mod tag;

pub use bench::{Bench, BenchPart};
pub use blend::Blend;
pub use bundle::Bundle;
pub use embed::Embed;
pub use export::{Export, StoredWeights};
pub use listen::{Listen, RawFormat};
pub use models::{Average, ModelGet, ModelImport, Models};
pub use neighbours::Neighbours;
pub use predict::{Format, Predict};
pub use tag::{Tag, TagFormat};
