//! Matrix products: packing of both operands, the innermost tile, and the output tiles that threads fill.

mod indexed_kernel;
pub(crate) mod indexed_product;
pub(crate) mod matrix_product;
pub(crate) mod micro_kernel;
pub(crate) mod partial_sums;
pub(crate) mod registers;
pub(crate) mod tiles_by_thread;
pub(crate) mod transposed;
