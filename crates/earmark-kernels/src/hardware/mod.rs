//! What all kernels build on: vector instructions, reusable memory and the layout of tensors.

pub mod layout;
pub mod memory;
pub mod simd;
