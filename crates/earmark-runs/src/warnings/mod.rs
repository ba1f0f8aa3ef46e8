//! What is bad about a result or a training: rules on numbers, each with the likely remedy.
//!
//! | kind | when |
//! |---|---|
//! | no better than guessing | accuracy and balanced accuracy (with several labels per clip: lwlrap) are not above what luck makes of guessing by the frequency of the classes on that many clips ([`Guessing`](earmark_metrics::Guessing)) |
//! | never predicted | a class with three or more of the clips has the highest score of none |
//! | loss still falling | [`still_falling`] |

mod loss;
mod remedies;
mod result;
mod warning;

pub use loss::{LossFall, still_falling};
pub use remedies::Remedies;
pub use result::ResultFacts;
pub use warning::{RunWarning, WarningKind};
