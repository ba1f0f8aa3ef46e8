//! Matrix products: packing of both operands, the innermost tile, and the output tiles that threads fill.

pub(crate) mod matrix_product;
pub(crate) mod micro_kernel;
pub(crate) mod partial_sums;
pub(crate) mod tiles;
pub(crate) mod transposed;
