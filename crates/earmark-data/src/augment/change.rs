//! What was drawn for one example: a list of plain values.

use std::borrow::Cow;
use std::fmt;

use earmark_features::Features;

use super::spec_augment::BothMasks;
use super::{
    BandGains, BandShift, FlipFreq, FlipTime, Gain, MaskAxis, Masks, NoiseField, PadFill, Padding, Patch,
    Resize, Shape, Shift, Spec, Window,
};

/// One change of an example, as drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Filling around it.
    Pad(Padding),
    /// A stretch of time cut out of it.
    Crop(Window),
    /// A part of it enlarged.
    Resize(Resize),
    /// Stretches of one axis hidden.
    Mask(Masks),
    /// Stretches of both axes hidden.
    Masks(BothMasks),
    /// A rectangle hidden.
    Erase(Patch),
    /// All of it louder or softer.
    Gain(Gain),
    /// Bands of it louder or softer.
    Filter(BandGains),
    /// Noise on it.
    Noise(NoiseField),
    /// Earlier or later.
    TimeShift(Shift),
    /// Higher or lower.
    FreqShift(BandShift),
    /// Backwards.
    FlipTime,
    /// Upside down.
    FlipFreq,
}

impl Change {
    /// The shape of an example of this shape after the change.
    pub fn shape_after(&self, shape: Shape) -> Shape {
        let frames = match self {
            Self::Pad(padding) => padding.frames,
            Self::Crop(window) => window.frames,
            _ => shape.frames,
        };
        Shape { frames, ..shape }
    }

    /// Carries the change out. Borrowed features are copied only where there is something to change.
    pub fn apply(&self, image: &mut Cow<Features>) {
        match self {
            Self::Pad(padding) if padding.frames <= image.frames => {}
            Self::Pad(padding) => *image = Cow::Owned(padding.apply(image)),
            Self::Crop(window) => *image = Cow::Owned(window.apply(image)),
            _ if self.is_nothing() => {}
            _ => self.apply_in_place(&mut Spec::of(image.to_mut())),
        }
    }

    fn apply_in_place(&self, spec: &mut Spec) {
        match self {
            // These change the number of frames.
            Self::Pad(_) | Self::Crop(_) => {}
            Self::Resize(resize) => resize.apply(spec),
            Self::Mask(masks) => masks.apply(spec),
            Self::Masks(masks) => masks.apply(spec),
            Self::Erase(patch) => patch.apply(spec),
            Self::Gain(gain) => gain.apply(spec),
            Self::Filter(gains) => gains.apply(spec),
            Self::Noise(noise) => noise.apply(spec),
            Self::TimeShift(shift) => shift.apply(spec),
            Self::FreqShift(shift) => shift.apply(spec),
            Self::FlipTime => FlipTime::apply(spec),
            Self::FlipFreq => FlipFreq::apply(spec),
        }
    }

    /// Whether it leaves every example as it is.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Mask(masks) => masks.stretches().is_empty(),
            Self::Masks(masks) => masks.bands.stretches().is_empty() && masks.frames.stretches().is_empty(),
            Self::Erase(patch) => patch.bands == 0 || patch.frames == 0,
            Self::Gain(gain) => gain.added == 0.0,
            Self::Filter(gains) => gains.added.is_empty(),
            Self::Noise(noise) => noise.deviation == 0.0,
            Self::TimeShift(shift) => shift.frames == 0,
            Self::FreqShift(shift) => shift.bands == 0,
            Self::Pad(_) | Self::Crop(_) | Self::Resize(_) | Self::FlipTime | Self::FlipFreq => false,
        }
    }
}

/// In a few words, for the caption of a picture.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Pad(padding) => match padding.fill {
                PadFill::Minimum => write!(f, "filled with its minimum to {} frames", padding.frames),
                PadFill::Wrap => write!(f, "repeated to {} frames", padding.frames),
                PadFill::Symmetric => write!(f, "mirrored to {} frames", padding.frames),
                PadFill::Constant(value) => write!(f, "filled with {value} to {} frames", padding.frames),
            },
            Self::Crop(window) => write!(f, "frames {} to {}", window.start, window.start + window.frames),
            Self::Resize(r) => write!(
                f,
                "bands {} to {}, frames {} to {} enlarged",
                r.band,
                r.band + r.bands,
                r.frame,
                r.frame + r.frames
            ),
            Self::Mask(masks) => write_masks(f, masks),
            Self::Masks(masks) => {
                write_masks(f, &masks.bands)?;
                f.write_str(", ")?;
                write_masks(f, &masks.frames)
            }
            Self::Erase(p) => write!(f, "{} bands x {} frames erased", p.bands, p.frames),
            Self::Gain(gain) => write!(f, "level {:+.2}", gain.added),
            Self::Filter(gains) => {
                let (low, high) = gains
                    .added
                    .iter()
                    .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &gain| {
                        (low.min(gain), high.max(gain))
                    });
                write!(f, "bands' levels {low:+.2} to {high:+.2}")
            }
            Self::Noise(noise) => write!(f, "noise of deviation {:.3}", noise.deviation),
            Self::TimeShift(shift) => write!(f, "moved by {:+} frames", shift.frames),
            Self::FreqShift(shift) => write!(f, "moved by {:+} bands", shift.bands),
            Self::FlipTime => f.write_str("backwards"),
            Self::FlipFreq => f.write_str("upside down"),
        }
    }
}

fn write_masks(f: &mut fmt::Formatter, masks: &Masks) -> fmt::Result {
    let what = match masks.axis() {
        MaskAxis::Band => "bands",
        MaskAxis::Frame => "frames",
    };
    write!(f, "{what} hidden:")?;
    masks
        .stretches()
        .iter()
        .try_for_each(|(start, end)| write!(f, " {start}-{end}"))
}
