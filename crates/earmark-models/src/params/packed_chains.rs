//! Chains of convolutions packed for inference, kept from pass to pass.

use crate::params::variable_names_and_shapes::VarId;
use earmark_kernels::chain::{Chain, InferenceChain};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The first and the last weights of a chain.
type ChainKey = (VarId, VarId);

/// Chains packed for inference, found by their first and last weights. They depend on the values of the variables alone and are
/// dropped when one changes. Planes of another size use the same packed weights.
#[derive(Clone, Debug, Default)]
pub(crate) struct PackedChains(Arc<Mutex<HashMap<ChainKey, Arc<InferenceChain>>>>);

impl PackedChains {
    /// `chain` with the weights packed under `key`; if they are missing, `make` packs them and they are kept.
    pub(crate) fn get(
        &self,
        key: ChainKey,
        chain: Chain,
        make: impl FnOnce(&Chain) -> InferenceChain,
    ) -> Arc<InferenceChain> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = match kept.get(&key) {
            Some(found) if *found.chain() == chain => return Arc::clone(found),
            Some(found) => Arc::new(found.resized(chain)),
            None => Arc::new(make(&chain)),
        };
        kept.insert(key, Arc::clone(&ready));
        ready
    }
}
