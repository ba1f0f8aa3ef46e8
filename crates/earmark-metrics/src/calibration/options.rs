//! How a calibration is fitted.

/// What is fitted to each class of a model that predicts any number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationMethod {
    /// Slope and shift (Platt 1999).
    #[default]
    Platt,
    /// The slope alone.
    Temperature,
}

/// How a calibration is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationOptions {
    /// Whether a clip has exactly one class and its scores are a softmax: then one temperature is fitted and `method` is ignored.
    pub single_label: bool,
    /// For models that predict any number of classes.
    pub method: CalibrationMethod,
    /// A class with fewer clips that carry it, or fewer that do not, keeps its scores.
    pub min_examples: usize,
    /// Regularisation towards changing nothing, in units of clips; 0 for none.
    pub strength: f64,
    /// How many false detections one in a clip without a label (background) counts as, for the thresholds; 1 treats all clips alike.
    pub background_weight: f64,
}

impl Default for CalibrationOptions {
    fn default() -> Self {
        Self {
            single_label: false,
            method: CalibrationMethod::Platt,
            min_examples: 5,
            strength: 1.0,
            background_weight: 1.0,
        }
    }
}
