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
        self.values.iter().find(|v| !v.is_finite()).copied()
    }
}
