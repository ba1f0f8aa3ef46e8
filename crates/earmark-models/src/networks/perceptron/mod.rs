//! A classifier on handcrafted clip features: they are standardised and projected on their principal components, then one dense
//! layer gives the logits (a multinomial logistic regression), or two with a ReLU between them.
//!
//! The scaler is fitted on the training clips before the first step and kept in buffers, so that a model file holds all that a
//! prediction needs.

mod config;
mod layer_table;
mod network;

pub use config::PerceptronConfig;
