//! How long exact searches take with all vectors in memory: `search_in_memory X int8|float32 COUNT ROW...`
//!
//! Searches for the vectors of these rows, five times each, and prints the hits and the median time of each search as
//! JSON. `bench/index_search.py` compares them with numpy's.

#![expect(clippy::print_stdout, reason = "the results are for a script")]

use earmark_index::archive::{ArchiveIndex, SearchBy};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

const REPEATS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, by, count, rows @ ..] = words.as_slice() else {
        return Err("usage: search_in_memory X int8|float32 COUNT ROW...".into());
    };
    let by = match by.as_str() {
        "int8" => SearchBy::Int8,
        "float32" => SearchBy::Float32,
        other => return Err(format!("{other}: give int8 or float32").into()),
    };
    let count: usize = count.parse()?;
    let index = ArchiveIndex::open(Path::new(folder))?;
    let began = Instant::now();
    let held = index.load(by)?;
    let load_seconds = began.elapsed().as_secs_f64();
    let mut searches: Vec<Value> = Vec::new();
    for row in rows {
        let row: usize = row.parse()?;
        let query = index.vectors(&[row])?;
        let mut seconds = Vec::new();
        let mut found = None;
        for _ in 0..REPEATS {
            let began = Instant::now();
            found = Some(index.nearest_in(&held, &query, count, |_| true)?);
            seconds.push(began.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let Some((hits, counts)) = found else {
            continue;
        };
        searches.push(json!({
            "row": row,
            "rows": hits.iter().map(|hit| hit.row).collect::<Vec<_>>(),
            "similarities": hits.iter().map(|hit| hit.similarity).collect::<Vec<_>>(),
            "candidates": counts.candidates,
            "seconds": seconds[REPEATS / 2],
        }));
    }
    println!(
        "{}",
        json!({ "load_seconds": load_seconds, "searches": searches })
    );
    Ok(())
}
