//! Depthwise convolution over channels-outermost tensors, one channel at a time.
//!
//! Each plane is read through the pending normalisation and activation into shifted copies, from which it is convolved by
//! contiguous multiply-adds whatever its width. The result's mean and variance are taken, or the result is normalised and
//! activated, before it leaves the cache.

mod backward;
mod forward;
mod planes;
mod shifted_copies;
mod taps;

pub use backward::backward;
pub use forward::forward;
pub use planes::DepthwiseShape;
