//! What recorders write into a file about its recording.

/// Texts that a recorder left in a file, as they are there. What they mean is for others to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecorderMetadata {
    /// The GUANO block (chunk `guan`): lines of `Key: value`.
    pub guano: Option<String>,
    /// The comment (`ICMT` in a list of the kind `INFO`), in which AudioMoth says when it recorded.
    pub comment: Option<String>,
    /// The start by the broadcast extension (chunk `bext`).
    pub broadcast: Option<BroadcastStart>,
}

/// The start of a recording by the broadcast extension of WAV, EBU Tech 3285.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BroadcastStart {
    /// OriginationDate: `2024-05-17`.
    pub date: String,
    /// OriginationTime: `04:30:00`.
    pub time: String,
    /// TimeReference, in seconds since midnight; `None` where it is not filled in.
    pub seconds_since_midnight: Option<f64>,
}
