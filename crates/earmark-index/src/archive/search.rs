//! Exact search: all vectors are scanned in single precision, and what may be among the best is compared again in
//! double precision.
//!
//! ```text
//! blocks of rows -> similarity and its bound -> candidates of a block -> candidates -> cosine in double precision
//! ```
//!
//! A row is a candidate as long as no `count` other rows are certainly more similar: as long as its similarity plus its
//! bound reaches the `count`-th largest similarity minus its bound. So the result is that of comparing all rows in
//! double precision, to the last bit, whether bytes or float32 numbers are scanned; what is scanned only decides how
//! much is read and how many candidates there are.

use super::bytes_of_vectors::{HEAD, bound_of_bytes, bound_of_floats, head_of};
use super::index::{ArchiveIndex, IndexedWindow, VectorPart};
use super::shard_files::{FLOAT32, INT8, floats_of, read_bytes, read_floats};
use crate::EmbeddingsError;
use crate::nearest_neighbours::cosine;
use earmark_kernels::Isa;
use earmark_kernels::row_products::{byte_row_products, float_row_products};
use rayon::prelude::*;
use std::ops::Range;
use std::path::PathBuf;

/// A window that is similar to what was searched for.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IndexHit {
    /// The window.
    #[serde(flatten)]
    pub window: IndexedWindow,
    /// Cosine similarity, at most 1.
    pub similarity: f32,
    /// Index of the row.
    #[serde(skip)]
    pub row: usize,
}

/// What is scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchBy {
    /// Bytes: a quarter of the memory's traffic.
    #[default]
    Int8,
    /// The numbers themselves.
    Float32,
}

/// What a search has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SearchCounts {
    /// Rows that were scanned.
    pub scanned: usize,
    /// Rows that were compared in double precision.
    pub candidates: usize,
}

/// All vectors of an index in memory, for many searches: 4 bytes per number, or 1.
#[derive(Debug)]
pub struct VectorsInMemory {
    by: SearchBy,
    /// Of each shard: bytes as they are in the file, or numbers.
    bytes: Vec<Vec<u8>>,
    floats: Vec<Vec<f32>>,
}

/// Candidates that a thread compares at a time.
const COMPARED: usize = 64;

/// Lengths whose squares single precision can hold; others are computed in double precision.
const SAFE_SQUARES: Range<f32> = 1e-20..1e30;

/// What a thread reads into.
#[derive(Default)]
struct ScanBuffers {
    bytes: Vec<u8>,
    floats: Vec<f32>,
}

/// A row that may be among the best.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    row: usize,
    /// Its similarity is between these.
    least: f64,
    most: f64,
}

impl SearchBy {
    /// Bytes of a row.
    fn row_bytes(self, width: usize) -> usize {
        match self {
            Self::Int8 => HEAD + width,
            Self::Float32 => 4 * width,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Int8 => INT8,
            Self::Float32 => FLOAT32,
        }
    }
}

impl ArchiveIndex {
    /// Reads all vectors, to search in memory.
    ///
    /// # Errors
    ///
    /// When they can't be read.
    pub fn load(&self, by: SearchBy) -> Result<VectorsInMemory, EmbeddingsError> {
        let mut loaded = VectorsInMemory {
            by,
            bytes: Vec::new(),
            floats: Vec::new(),
        };
        let width = self.manifest().width;
        for shard in &self.manifest().shards {
            let path = shard.path(self.folder(), by.ending());
            match by {
                SearchBy::Int8 => {
                    let mut bytes = Vec::new();
                    read_bytes(&path, (0, shard.rows * by.row_bytes(width)), &mut bytes)?;
                    loaded.bytes.push(bytes);
                }
                SearchBy::Float32 => loaded.floats.push(read_floats(&path, 0, shard.rows, width)?),
            }
        }
        Ok(loaded)
    }

    /// The `count` windows most similar to a vector, best first, equal ones in the order of rows; only rows that count
    /// and for which `wanted` is true. The files are read block by block, so that memory does not grow with them.
    ///
    /// # Errors
    ///
    /// For a vector of another width or with numbers that are not finite, and when the files can't be read.
    pub fn nearest(
        &self,
        query: &[f32],
        count: usize,
        by: SearchBy,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Result<(Vec<IndexHit>, SearchCounts), EmbeddingsError> {
        self.search(query, count, by, None, &wanted)
    }

    /// The same with vectors in memory.
    ///
    /// # Errors
    ///
    /// As [`Self::nearest`].
    pub fn nearest_in(
        &self,
        vectors: &VectorsInMemory,
        query: &[f32],
        count: usize,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Result<(Vec<IndexHit>, SearchCounts), EmbeddingsError> {
        self.search(query, count, vectors.by, Some(vectors), &wanted)
    }

    fn search(
        &self,
        query: &[f32],
        count: usize,
        by: SearchBy,
        held: Option<&VectorsInMemory>,
        wanted: &(impl Fn(usize) -> bool + Sync),
    ) -> Result<(Vec<IndexHit>, SearchCounts), EmbeddingsError> {
        let scan = Scan::new(self, query, count, by, held)?;
        let parts = self.parts(by.row_bytes(self.manifest().width));
        let of_part = |buffers: &mut ScanBuffers, part: VectorPart| scan.candidates(part, buffers, wanted);
        let candidates = parts
            .into_par_iter()
            .map_init(ScanBuffers::default, of_part)
            .try_reduce(Vec::new, |a, b| Ok(best_of(join(a, b), count)))?;
        let counts = SearchCounts {
            scanned: self.rows(),
            candidates: candidates.len(),
        };
        Ok((self.compare(query, count, candidates)?, counts))
    }

    /// The best of the candidates, by their float32 numbers.
    fn compare(
        &self,
        query: &[f32],
        count: usize,
        mut candidates: Vec<Candidate>,
    ) -> Result<Vec<IndexHit>, EmbeddingsError> {
        candidates.sort_unstable_by_key(|candidate| candidate.row);
        let width = query.len();
        let similarities = |some: &[Candidate]| -> Result<Vec<(f32, usize)>, EmbeddingsError> {
            let rows: Vec<usize> = some.iter().map(|candidate| candidate.row).collect();
            let vectors = self.vectors(&rows)?;
            let pairs = vectors.chunks_exact(width).zip(rows);
            Ok(pairs.map(|(vector, row)| (cosine(vector, query), row)).collect())
        };
        let compared = candidates.par_chunks(COMPARED).map(similarities);
        let compared = compared.collect::<Result<Vec<_>, EmbeddingsError>>()?;
        let mut compared = compared.concat();
        compared.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        compared.truncate(count);
        let hit = |(similarity, row): (f32, usize)| IndexHit {
            window: self.window(row),
            similarity,
            row,
        };
        Ok(compared.into_iter().map(hit).collect())
    }
}

fn join(mut a: Vec<Candidate>, mut b: Vec<Candidate>) -> Vec<Candidate> {
    a.append(&mut b);
    a
}

/// Leaves out what is certainly not among the `count` best.
fn best_of(mut candidates: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    if count == 0 {
        return Vec::new();
    }
    if candidates.len() > count {
        let by_least = |a: &Candidate, b: &Candidate| b.least.total_cmp(&a.least);
        let (_, limit, _) = candidates.select_nth_unstable_by(count - 1, by_least);
        let limit = limit.least;
        candidates.retain(|candidate| candidate.most >= limit);
    }
    candidates
}

/// A search and what it reads.
struct Scan<'a> {
    index: &'a ArchiveIndex,
    held: Option<&'a VectorsInMemory>,
    by: SearchBy,
    /// The query at length 1.
    unit: Vec<f32>,
    count: usize,
    isa: Isa,
}

impl<'a> Scan<'a> {
    fn new(
        index: &'a ArchiveIndex,
        query: &[f32],
        count: usize,
        by: SearchBy,
        held: Option<&'a VectorsInMemory>,
    ) -> Result<Self, EmbeddingsError> {
        let bad = |problem: String| EmbeddingsError::new(index.folder(), problem);
        let width = index.manifest().width;
        if query.len() != width {
            return Err(bad(format!(
                "has vectors of {width} numbers, and the query has {}; take the model that made the index",
                query.len()
            )));
        }
        if let Some(value) = query.iter().find(|value| !value.is_finite()) {
            return Err(bad(format!(
                "can't be searched for a vector with the number {value}"
            )));
        }
        let length = query.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            return Err(bad(
                "can't be searched for a vector of zeros; take another sound".into()
            ));
        }
        let unit = query.iter().map(|v| (f64::from(*v) / length) as f32);
        Ok(Self {
            index,
            held,
            by,
            unit: unit.collect(),
            count,
            isa: Isa::wanted().map_err(|e| bad(e.to_string()))?,
        })
    }

    /// What of some rows may be among the best.
    fn candidates(
        &self,
        part: VectorPart,
        buffers: &mut ScanBuffers,
        wanted: &(impl Fn(usize) -> bool + Sync),
    ) -> Result<Vec<Candidate>, EmbeddingsError> {
        let first = self.index.start_of(part.shard) + part.first;
        let similarities = match self.by {
            SearchBy::Int8 => self.by_bytes(part, buffers)?,
            SearchBy::Float32 => self.by_floats(part, buffers)?,
        };
        let rows = similarities.into_iter().enumerate();
        let rows = rows.map(|(at, (similarity, bound))| Candidate {
            row: first + at,
            least: similarity - bound,
            most: similarity + bound,
        });
        let counts = |candidate: &Candidate| self.index.is_valid(candidate.row) && wanted(candidate.row);
        Ok(best_of(rows.filter(counts).collect(), self.count))
    }

    /// Similarities of rows by their bytes, and their bounds.
    fn by_bytes(
        &self,
        part: VectorPart,
        buffers: &mut ScanBuffers,
    ) -> Result<Vec<(f64, f64)>, EmbeddingsError> {
        let stride = self.by.row_bytes(self.unit.len());
        let (place, length) = (part.first * stride, part.rows * stride);
        let bytes = match self.held {
            Some(held) => &held.bytes[part.shard][place..place + length],
            None => {
                read_bytes(&self.path(part), (place, length), &mut buffers.bytes)?;
                buffers.bytes.as_slice()
            }
        };
        let mut products = vec![0.0; part.rows];
        byte_row_products(self.isa, bytes, stride, &self.unit, &mut products);
        let rows = bytes.chunks_exact(stride).zip(products);
        let similarity = |(row, product): (&[u8], f32)| {
            let (scale, rest) = head_of(row);
            (scale * f64::from(product), bound_of_bytes(rest, self.unit.len()))
        };
        Ok(rows.map(similarity).collect())
    }

    /// Similarities of rows by their numbers, and their bounds.
    fn by_floats(
        &self,
        part: VectorPart,
        buffers: &mut ScanBuffers,
    ) -> Result<Vec<(f64, f64)>, EmbeddingsError> {
        let width = self.unit.len();
        let (place, length) = (part.first * width, part.rows * width);
        let values = match self.held {
            Some(held) => &held.floats[part.shard][place..place + length],
            None => {
                read_bytes(&self.path(part), (4 * place, 4 * length), &mut buffers.bytes)?;
                buffers.floats.clear();
                buffers.floats.extend(floats_of(&buffers.bytes));
                buffers.floats.as_slice()
            }
        };
        let mut products = vec![0.0; part.rows];
        float_row_products(self.isa, values, &self.unit, &mut products);
        let bound = bound_of_floats(width);
        let rows = values.chunks_exact(width).zip(products);
        let similarity = |(row, product): (&[f32], f32)| {
            let mut square = [0.0];
            float_row_products(self.isa, row, row, &mut square);
            match SAFE_SQUARES.contains(&square[0]) {
                true => (f64::from(product) / f64::from(square[0]).sqrt(), bound),
                false => (f64::from(cosine(row, &self.unit)), bound),
            }
        };
        Ok(rows.map(similarity).collect())
    }

    fn path(&self, part: VectorPart) -> PathBuf {
        let shard = &self.index.manifest().shards[part.shard];
        shard.path(self.index.folder(), self.by.ending())
    }
}
