//! The short-time Fourier transform: settings, framing, window, spectrum of a frame.

mod config;
mod framing;
mod phase_channel;
mod spectrum;
mod window;

pub use config::{BinValue, Stft};
pub use framing::Centre;
pub(crate) use framing::{Framing, mirror};
pub(crate) use spectrum::{FrameBuffer, FrameSpectrum};
pub use window::WindowFunction;
