//! Networks of other programs, as model files of this one: an ONNX graph is read, checked, tried, stored with what is
//! needed to use it, and computed by rten, a runtime in Rust.
//!
//! ```no_run
//! use earmark_features::FrontEnd;
//! use earmark_foreign::{GraphImport, import_graph};
//!
//! earmark_foreign::enable();
//! let imported = import_graph(&GraphImport {
//!     file: "birdnet.onnx".into(),
//!     name: "birdnet".into(),
//!     classes: vec!["Turdus merula_Common Blackbird".into()],
//!     front_end: FrontEnd::of_waveform(48_000, 144_000),
//!     scores: "Identity".into(),
//!     embedding: None,
//!     activation: None,
//!     licence: "CC-BY-NC-SA-4.0".into(),
//!     source: None,
//!     out: "birdnet.safetensors".into(),
//! })?;
//! println!("{} scores", imported.scores);
//! # Ok::<(), earmark_foreign::GraphImportError>(())
//! ```
//!
//! After [`enable`], such a model opens like any other. The other crates know the seam alone: [`GraphRunner`] in
//! earmark-models.
//!
//! **Strangers' graphs.** A graph is a program. It can read nothing but its own weights and the sound, and write
//! nothing but its outputs. Lengths are compared with the file before memory is asked for; loops, weights in other
//! files, functions and random numbers are refused; so are sizes that constants ask for and that shape inference knows,
//! above a gigabyte. What follows from constants alone is computed as a graph is opened, the rest as it runs; what that
//! takes, where sizes follow from the graph's own computations, is not known before. The runtime's kernels are unsafe
//! and write as far as a size says: a program that opens strangers' graphs builds `rten` and its parts with
//! `overflow-checks`, as the profile of this workspace does.
//!
//! [`GraphRunner`]: earmark_models::GraphRunner

mod activation;
mod array;
mod bounds;
mod division;
mod error;
mod export;
mod float32;
mod float64;
#[cfg(test)]
mod float64_graph_tests;
#[cfg(test)]
mod float64_tests;
mod fourier;
mod graph;
mod import;
#[cfg(test)]
mod malformed_tests;
mod names;
#[cfg(test)]
mod operator_tests;
mod ports;
mod product;
mod run;
mod trial;
mod turns;

pub use activation::GraphActivation;
pub use error::GraphImportError;
pub use export::{export_graph, graph_precision};
pub use import::{GraphImport, GraphImportResult, import_graph};

/// Lets this program open imported graphs. For programs, once, at their start.
pub fn enable() {
    earmark_models::set_graph_opener(run::open);
}
