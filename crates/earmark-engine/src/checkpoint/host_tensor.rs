//! Numbers of a file on the host.

/// A tensor on the host: shape and row-major values.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

impl HostTensor {
    /// The first value that is NaN or infinite.
    pub fn not_finite(&self) -> Option<f32> {
        // Without an end before the last, many numbers are looked at together.
        let finite = self.values.iter().fold(true, |all, v| all & v.is_finite());
        let first = || self.values.iter().find(|v| !v.is_finite()).copied();
        if finite { None } else { first() }
    }
}
