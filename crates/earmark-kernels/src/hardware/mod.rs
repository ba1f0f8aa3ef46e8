//! What all kernels build on: vector instructions, reusable memory and the layout of tensors.

pub(crate) mod chunks;
pub mod freed_memory;
pub mod layout;
pub(crate) mod lengths;
pub mod limits;
pub(crate) mod matrix_unit;
pub mod products;
pub mod reused_buffers;
pub mod simd;
pub(crate) mod team;
