//! Arguments of the commands that evaluate.

mod calibrate;
mod eval;
mod report;
mod runs;
mod score;

pub use calibrate::{Calibrate, CalibrateMethod};
pub use eval::Eval;
pub use report::Report;
pub use runs::{CompareBy, Runs};
pub use score::Score;
