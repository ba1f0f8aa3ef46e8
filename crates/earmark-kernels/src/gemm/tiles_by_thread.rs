//! How a kernel's work is divided among the compute threads: disjoint rectangles of one row-major matrix, which threads fill without
//! copying.

use rayon::prelude::*;

use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use std::marker::PhantomData;

/// A rectangle of a row-major matrix that its holder alone may read and write.
pub(crate) struct Tile<'a> {
    ptr: *mut f32,
    stride: usize,
    /// First row and column inside the whole matrix.
    pub row0: usize,
    pub col0: usize,
    pub rows: usize,
    pub cols: usize,
    _owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: a tile is an exclusive borrow of its elements (see `split`), like `&mut [f32]`.
unsafe impl Send for Tile<'_> {}

impl<'a> Tile<'a> {
    /// The whole `rows x cols` matrix as one tile.
    pub fn whole(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        check_len("matrix", data, rows * cols);
        Self {
            ptr: data.as_mut_ptr(),
            stride: cols,
            row0: 0,
            col0: 0,
            rows,
            cols,
            _owner: PhantomData,
        }
    }

    /// One row of the rectangle.
    pub fn row(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows, "row {row} of a tile with {}", self.rows);
        // SAFETY: the row is inside the matrix and belongs to this tile alone.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.add(row * self.stride), self.cols) }
    }

    /// Distance between rows.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, one after the other, of a rectangle as wide as its matrix.
    pub fn whole_rows(&mut self) -> &mut [f32] {
        assert_eq!(self.cols, self.stride, "a rectangle narrower than its matrix");
        // SAFETY: nothing is between the rows, all of which belong to this tile alone.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.rows * self.stride) }
    }

    /// The rectangle cut into ones of at most `width` columns.
    pub fn cut(&mut self, width: usize) -> Vec<Tile<'_>> {
        let part = |at: usize| Tile {
            // SAFETY: the column is inside the rectangle; the parts are disjoint and borrow it while they live.
            ptr: unsafe { self.ptr.add(at) },
            stride: self.stride,
            row0: self.row0,
            col0: at,
            rows: self.rows,
            cols: width.min(self.cols - at),
            _owner: PhantomData,
        };
        (0..self.cols).step_by(width).map(part).collect()
    }

    /// The rectangle cut into ones of at most `height` rows.
    pub fn cut_rows(&mut self, height: usize) -> Vec<Tile<'_>> {
        let part = |at: usize| Tile {
            // SAFETY: the row is inside the rectangle; the parts are disjoint and borrow it while they live.
            ptr: unsafe { self.ptr.add(at * self.stride) },
            stride: self.stride,
            row0: at,
            col0: self.col0,
            rows: height.min(self.rows - at),
            cols: self.cols,
            _owner: PhantomData,
        };
        (0..self.rows).step_by(height).map(part).collect()
    }

    /// The address of an element, for the product kernel, and the distance between rows.
    pub fn corner(&mut self, row: usize, col: usize) -> (*mut f32, usize) {
        assert!(row < self.rows && col < self.cols, "corner outside of the tile");
        // SAFETY: the element is inside the matrix.
        (unsafe { self.ptr.add(row * self.stride + col) }, self.stride)
    }
}

/// Runs `work` on each tile and its index, one tile per task; returns the first row of each tile with what `work` returned.
pub(crate) fn per_tile<R: Send>(
    ws: &Workspace,
    tiles: Vec<Tile<'_>>,
    work: impl Fn(usize, &mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    per_item(ws, tiles, |i, mut tile| (tile.row0, work(i, &mut tile)))
}

/// Runs `work` on each item and its index, one item per task; returns what it returned, in the order of the items.
pub(crate) fn per_item<T: Send, R: Send>(
    ws: &Workspace,
    items: Vec<T>,
    work: impl Fn(usize, T) -> R + Sync,
) -> Vec<R> {
    if let Some(team) = ws.team() {
        return team.map(items, work);
    }
    items
        .into_par_iter()
        .enumerate()
        .with_min_len(ws.grain)
        .with_max_len(1)
        .map(|(i, item)| work(i, item))
        .collect()
}

/// Splits a `rows x cols` matrix into tiles of at most `tile_rows x tile_cols`, column by column.
pub(crate) fn split(
    data: &mut [f32],
    rows: usize,
    cols: usize,
    tile_rows: usize,
    tile_cols: usize,
) -> Vec<Tile<'_>> {
    let bound = |at: usize| (at, tile_cols.min(cols - at));
    let bounds: Vec<_> = (0..cols).step_by(tile_cols.max(1)).map(bound).collect();
    split_at(data, rows, cols, tile_rows, &bounds)
}

/// The same for given `(start, length)` of columns, which must follow each other.
pub(crate) fn split_at<'a>(
    data: &'a mut [f32],
    rows: usize,
    cols: usize,
    tile_rows: usize,
    bounds: &[(usize, usize)],
) -> Vec<Tile<'a>> {
    let bound = |at: usize| (at, tile_rows.min(rows - at));
    let downwards: Vec<_> = (0..rows).step_by(tile_rows.max(1)).map(bound).collect();
    split_by(data, [rows, cols], &downwards, bounds)
}

/// The same for given `(start, length)` of rows and of columns, both of which must follow each other.
pub(crate) fn split_by<'a>(
    data: &'a mut [f32],
    [rows, cols]: [usize; 2],
    downwards: &[(usize, usize)],
    across: &[(usize, usize)],
) -> Vec<Tile<'a>> {
    check_len("matrix", data, rows * cols);
    check_bounds("rows", downwards, rows);
    check_bounds("columns", across, cols);
    let ptr = data.as_mut_ptr();
    let mut tiles = Vec::with_capacity(downwards.len() * across.len());
    for &(col0, width) in across {
        for &(row0, height) in downwards {
            tiles.push(Tile {
                // SAFETY: row0 < rows and col0 < cols; the rectangles of different bounds are disjoint,
                // and `data` stays borrowed for as long as any of them lives.
                ptr: unsafe { ptr.add(row0 * cols + col0) },
                stride: cols,
                row0,
                col0,
                rows: height,
                cols: width,
                _owner: PhantomData,
            });
        }
    }
    tiles
}

fn check_bounds(what: &str, bounds: &[(usize, usize)], count: usize) {
    let mut free = 0;
    for &(start, length) in bounds {
        assert!(
            start >= free && length > 0 && start + length <= count,
            "{what} overlap or leave the matrix"
        );
        free = start + length;
    }
}

/// Cuts `0..count` at multiples of `unit` into nearly equal pieces, as `(start, length)`: as many, or fewer where there
/// are fewer units.
pub(crate) fn even(count: usize, unit: usize, pieces: usize) -> Vec<(usize, usize)> {
    let units = count.div_ceil(unit);
    let pieces = pieces.min(units);
    let bound = |i: usize| (i * units / pieces * unit).min(count);
    (0..pieces).map(|i| (bound(i), bound(i + 1) - bound(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_pieces_differ_by_a_unit() {
        for (count, unit, pieces) in [
            (600, 12, 8),
            (601, 12, 8),
            (7, 12, 8),
            (512, 32, 9),
            (1, 1, 1),
            (0, 4, 3),
        ] {
            let all = even(count, unit, pieces);
            assert_eq!(all.len(), pieces.min(count.div_ceil(unit)));
            assert_eq!(all.iter().map(|p| p.1).sum::<usize>(), count);
            check_bounds("pieces", &all, count);
            assert!(all.iter().all(|p| p.0 % unit == 0));
            let (whole, _) = all.split_at(all.len().saturating_sub(1));
            let (least, most) = (whole.iter().map(|p| p.1).min(), whole.iter().map(|p| p.1).max());
            assert!(most <= least.map(|l| l + unit), "{all:?}");
        }
    }

    #[test]
    #[should_panic(expected = "rows overlap")]
    fn rectangles_do_not_overlap() {
        let _ = split_by(&mut [0.0; 12], [4, 3], &[(0, 2), (1, 2)], &[(0, 3)]);
    }

    #[test]
    #[should_panic(expected = "columns overlap or leave")]
    fn rectangles_stay_inside() {
        let _ = split_by(&mut [0.0; 12], [4, 3], &[(0, 2)], &[(0, 2), (2, 2)]);
    }
}
