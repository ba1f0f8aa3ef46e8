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
    tiles
        .into_par_iter()
        .enumerate()
        .with_min_len(ws.grain)
        .with_max_len(1)
        .map(|(i, mut tile)| (tile.row0, work(i, &mut tile)))
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
    check_len("matrix", data, rows * cols);
    let ptr = data.as_mut_ptr();
    let mut tiles = Vec::with_capacity(rows.div_ceil(tile_rows) * bounds.len());
    let mut free = 0;
    for &(col0, width) in bounds {
        assert!(
            col0 >= free && width > 0 && col0 + width <= cols,
            "columns overlap or leave the matrix"
        );
        free = col0 + width;
        for row0 in (0..rows).step_by(tile_rows) {
            tiles.push(Tile {
                // SAFETY: row0 < rows and col0 < cols; the rectangles of different steps are disjoint,
                // and `data` stays borrowed for as long as any of them lives.
                ptr: unsafe { ptr.add(row0 * cols + col0) },
                stride: cols,
                row0,
                col0,
                rows: tile_rows.min(rows - row0),
                cols: width,
                _owner: PhantomData,
            });
        }
    }
    tiles
}
