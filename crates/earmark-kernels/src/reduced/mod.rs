//! Products of numbers of fewer bits, for inference: bfloat16 with sums of single precision, and bytes with exact sums.
//!
//! Two bfloat16 or four bytes along the inner dimension make a word of 32 bits, and one instruction multiplies the
//! words of sixteen columns by one word of a row and adds all of it to sixteen sums. So a product walks words as
//! [`crate::gemm`] walks single numbers, with half or a quarter of the steps. Weights are rounded and packed once; what
//! they are multiplied by is rounded where it is packed, and what follows the product is of single precision.
//!
//! Bytes: a weight w is `s q` with q in -127..=127 and s one number for each output channel; an input x is `l + t p`
//! with p in 0..=255, and l and t of its pixel alone. So a sum of products is `s t sum(q p) + l s sum(q)`, in which both
//! sums are exact: results depend neither on the batch nor on how the work is cut.

mod operands;
#[cfg(test)]
mod tests;
mod tile_kernel;
mod word_kernel;
mod words_of_numbers;

use crate::gemm::micro_kernel::MR;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::products::Reduced;
use word_kernel::{PixelsAre, multiply_by_words};

pub(crate) use operands::{LeftWords, RightWords, RoundedWeights, rows_of_whole_blocks};
pub(crate) use word_kernel::ColumnFinish;
pub(crate) use words_of_numbers::{ColumnsTo, columns_to_words, rows_to_words};

/// Rows that a product of this many numbers takes at once.
pub(crate) fn rows_at_once(reduced: Reduced, numbers: usize) -> usize {
    match tile_kernel::takes(reduced.words(numbers)) {
        true => tile_kernel::TOGETHER,
        false => 2 * MR,
    }
}

/// `C = A B` for the rectangle `c`, whose first row is the first of `a` and whose first column is that of `b`; finished
/// with the values of the columns where they are given. The rows of whole blocks must be readable.
///
/// # Panics
/// If an operand is too short.
pub(crate) fn multiply(
    reduced: Reduced,
    words: usize,
    a: LeftWords<'_>,
    b: RightWords<'_>,
    c: &mut Tile<'_>,
    finish: Option<ColumnFinish<'_>>,
) {
    let pixels = if finish.is_some() {
        PixelsAre::Left
    } else {
        PixelsAre::Right
    };
    match tile_kernel::takes(words) {
        true => tile_kernel::multiply((reduced, pixels), words, a, b, c, finish),
        false => multiply_by_words((reduced, pixels), words, a, b, c, finish),
    }
}
