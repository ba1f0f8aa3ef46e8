//! What every mixer does: its settings are checked, and how a segment is mixed is drawn.

use earmark_core::Check;
use earmark_core::random::ChaCha8Rng;

use super::mixed::Mixed;

/// One way of mixing two segments.
pub(crate) trait MixerKind: Check {
    /// Draws how one segment is mixed.
    fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed;
}
