//! Why a value of a recipe can't work.

/// A refused value: key below the section, value, remedy.
pub type Refusal = (String, String, &'static str);
