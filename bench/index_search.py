#!/usr/bin/env python3
"""Writes an index of made vectors by its documented format (docs/index-of-embeddings.md), searches it, and compares
hits and times with numpy's.

    cargo build --release -p earmark-cli
    cargo build --release -p earmark-index --example search_in_memory
    python bench/index_search.py [--rows 1000000] [--width 960] [--queries 8] [--top 50] [--threads 2]
        [--folder DIR] [--earmark target/release/earmark] [--kind normal|clusters]

Run with: numpy 2.4.6, pyarrow 26.0.1, blake3 1.0.11. Needs 5 bytes of disk per number (4.8 GB at the defaults) and
4 bytes of memory.

Vectors are normal numbers or, with `clusters`, rectified ones near a thousand centres, which are as similar to each
other as those of a network; every hundredth row is a copy of another one, so that there are ties. Searches are those
of rows of the index:

    search_in_memory X int8|float32 TOP ROW...     vectors in memory, the median of five searches
    earmark index search X FILE@SECONDS            the whole command: files that are read, process and all

numpy computes all cosine similarities in double precision, block by block, and sorts them with a stable sort. Rows and
similarities (as float32) must be equal; a difference ends the script with 1. Times of numpy are those of a product in
single precision of all vectors at length 1 and `argpartition`, with the same number of threads. The building rate is
that of this script, not of a model.
"""

import argparse
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SHARD = 1 << 16
# Windows per recording.
WINDOWS = 600
RATE, WINDOW, HOP = 32_000, 64_000, 32_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--queries", type=int, default=8)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kind", choices=["normal", "clusters"], default="clusters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--earmark", type=pathlib.Path, default=pathlib.Path("target/release/earmark"))
    parser.add_argument("--example", type=pathlib.Path, help="search_in_memory; default: in examples next to --earmark")
    return parser.parse_args()


options = arguments()
# Before numpy is loaded, which reads it then.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = str(options.threads)

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from blake3 import blake3  # noqa: E402


def checksum(data):
    return blake3(data).hexdigest()[:16]


def checksum_of(path):
    return checksum(path.read_bytes()) if path.stat().st_size < 1 << 20 else blake3().update_mmap(path).hexdigest()[:16]


def vectors(first, rows, centres):
    """The vectors of a shard: they follow from its first row and the seed."""
    random = np.random.default_rng([options.seed, first])
    made = random.standard_normal((rows, options.width), dtype=np.float32)
    if centres is not None:
        made = centres[random.integers(len(centres), size=rows)] + 0.3 * made
        made = np.maximum(made, 0)
    copies = np.arange(99, rows, 100)
    made[copies] = made[copies - 50]
    return made


def rows_as_bytes(values):
    """A scale, the length of what is left over, and the numbers as signed bytes; see the documentation."""
    lengths = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1))
    unit = values.astype(np.float64) / np.where(lengths > 0, lengths, 1)[:, None]
    scales = (np.abs(unit).max(axis=1) / 127).astype(np.float32)
    wide = np.where(scales > 0, scales, 1).astype(np.float64)[:, None]
    numbers = np.clip(np.rint(unit / wide), -127, 127)
    rest = np.sqrt(((unit - wide * numbers) ** 2).sum(axis=1)).astype(np.float32)
    kind = np.dtype([("scale", "<f4"), ("rest", "<f4"), ("numbers", "i1", (values.shape[1],))])
    rows = np.empty(len(values), kind)
    rows["scale"], rows["numbers"] = scales, numbers
    rows["rest"] = np.nextafter(rest, np.float32(np.inf))
    return rows


def table(first, rows, path):
    """Names and times of a shard. A recording does not cross the border of a shard."""
    files, starts, facts = [], [], []
    for begin in range(0, rows, WINDOWS):
        count = min(WINDOWS, rows - begin)
        name = f"made/{first + begin:09}.wav"
        samples = HOP * (count - 1) + WINDOW
        recording = {
            "file": name,
            "size": 2 * samples + 44,
            "changed": 1,
            "content": checksum(name.encode()),
            "seconds": samples / RATE,
            "sample_rate_hz": RATE,
            "samples": samples,
            "windows": count,
        }
        files += [name] * count
        starts += [k * HOP / RATE for k in range(count)]
        facts += [json.dumps(recording)] + [""] * (count - 1)
    starts = np.array(starts)
    columns = {
        "file": pa.array(files),
        "start_seconds": starts,
        "end_seconds": starts + WINDOW / RATE,
        "recording": pa.array(facts),
    }
    kind = pa.schema([
        pa.field("file", pa.string(), nullable=False),
        pa.field("start_seconds", pa.float64(), nullable=False),
        pa.field("end_seconds", pa.float64(), nullable=False),
        pa.field("recording", pa.string(), nullable=False),
    ])
    pq.write_table(pa.table(columns, schema=kind), path, compression="snappy")
    return len(range(0, rows, WINDOWS))


def build(folder):
    folder.mkdir(parents=True)
    centres = None
    if options.kind == "clusters":
        centres = np.random.default_rng(options.seed).standard_normal((1000, options.width), dtype=np.float32)
    shards = []
    for first in range(0, options.rows, SHARD):
        rows, number = min(SHARD, options.rows - first), len(shards) + 1
        path = {ending: folder / f"shard-{number:06}.{ending}" for ending in ("parquet", "f32", "i8")}
        values = vectors(first, rows, centres)
        values.astype("<f4").tofile(path["f32"])
        rows_as_bytes(values).tofile(path["i8"])
        recordings = table(first, rows, path["parquet"])
        sums = {ending: checksum_of(file) for ending, file in path.items()}
        shards.append({
            "number": number,
            "rows": rows,
            "recordings": recordings,
            "table": sums["parquet"],
            "float32": sums["f32"],
            "int8": sums["i8"],
        })
    manifest = {
        "format": 1,
        "earmark": "made by bench/index_search.py",
        "model": {"name": "made", "hash": "0" * 64},
        "windows": {"sample_rate_hz": RATE, "window_samples": WINDOW, "hop_samples": HOP},
        "width": options.width,
        "next_shard": len(shards) + 1,
        "shards": shards,
    }
    text = json.dumps(manifest, indent=2)[:-2]
    sealed = f'{text},\n  "checksum": "{checksum(text.encode())}"\n}}\n'
    (folder / "index.json").write_text(sealed)


def blocks(folder):
    for path in sorted(folder.glob("shard-*.f32")):
        yield np.fromfile(path, "<f4").reshape(-1, options.width)


def exact(folder, queries):
    """Rows and similarities of the nearest, in double precision and by row where these are equal as float32."""
    wide = queries.astype(np.float64)
    lengths = np.sqrt((wide**2).sum(axis=1))
    found = []
    for block in blocks(folder):
        for part in np.array_split(block, max(1, len(block) // 8192)):
            part = part.astype(np.float64)
            squares = (part**2).sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                found.append(np.nan_to_num(part @ wide.T / np.sqrt(squares[:, None]) / lengths))
    similarities = np.concatenate(found)
    results = []
    for column in similarities.T:
        order = np.argsort(-column.astype(np.float32), kind="stable")[: options.top]
        results.append((order.tolist(), column[order]))
    return results


def numpy_seconds(folder, queries):
    # Filled block by block: all vectors are in memory once, not twice.
    everything, end = np.empty((options.rows, options.width), np.float32), 0
    for block in blocks(folder):
        begin, end = end, end + len(block)
        everything[begin:end] = block
    everything /= np.maximum(np.sqrt(np.einsum("ij,ij->i", everything, everything)), 1e-30)[:, None]
    times = []
    for query in queries:
        query = query / np.sqrt((query**2).sum())
        once = []
        for _ in range(5):
            began = time.perf_counter()
            similarities = everything @ query
            best = np.argpartition(-similarities, options.top)[: options.top]
            best[np.argsort(-similarities[best], kind="stable")]
            once.append(time.perf_counter() - began)
        times.append(sorted(once)[2])
    return times


def same(wanted, rows, similarities):
    """Whether rows are numpy's; those whose similarities differ by no more than rounding may change places."""
    order, values = wanted
    if not np.allclose(values, similarities, rtol=0, atol=2e-7):
        return False
    places = dict(zip(order, values))
    limit = values[-1]
    return all(
        row == other or abs(places.get(row, limit) - places.get(other, limit)) < 2e-7 for row, other in zip(rows, order)
    )


def whole_command(folder, row):
    """A search by the command, with its own process and files that are read."""
    shard, at = divmod(row, SHARD)
    recording, window = divmod(at, WINDOWS)
    query = f"made/{shard * SHARD + recording * WINDOWS:09}.wav@{window * HOP / RATE:g}"
    began = time.perf_counter()
    done = subprocess.run(
        [options.earmark, "index", "search", folder, query, "--top", str(options.top), "--threads", str(options.threads), "--json", "-q"],
        check=True, stdout=subprocess.PIPE,
    )
    seconds = time.perf_counter() - began
    return seconds, json.loads(done.stdout)[0]


def median(values):
    return sorted(values)[len(values) // 2]


def compare(folder):
    rows = np.random.default_rng(options.seed + 1).integers(options.rows, size=options.queries).tolist()
    queries = np.stack([
        np.fromfile(folder / f"shard-{row // SHARD + 1:06}.f32", "<f4", options.width, offset=row % SHARD * options.width * 4)
        for row in rows
    ])
    wanted, wrong, results = exact(folder, queries), 0, {}
    example = options.example or options.earmark.parent / "examples" / "search_in_memory"
    for by in ("int8", "float32"):
        done = subprocess.run(
            [example, folder, by, str(options.top), *map(str, rows)], check=True, stdout=subprocess.PIPE
        )
        found = json.loads(done.stdout)
        searches = found["searches"]
        wrong += sum(not same(w, s["rows"], s["similarities"]) for w, s in zip(wanted, searches))
        results[f"{by} in memory"] = {
            "milliseconds": round(1e3 * median([s["seconds"] for s in searches]), 1),
            "slowest": round(1e3 * max(s["seconds"] for s in searches), 1),
            "candidates": median([s["candidates"] for s in searches]),
            "load_seconds": round(found["load_seconds"], 2),
        }
    commands = [whole_command(folder, row) for row in rows]
    for (order, values), row, (_, found) in zip(wanted, rows, commands):
        # The command leaves the window out that it searches for.
        others = [value for other, value in zip(order, values) if other != row]
        similarities = [hit["similarity"] for hit in found["hits"]][: len(others)]
        wrong += not np.allclose(similarities, others, rtol=0, atol=2e-7)
    results["command, files read"] = {
        "milliseconds": round(1e3 * median([seconds for seconds, _ in commands])),
        "of that the search": round(1e3 * median([found["seconds"] for _, found in commands])),
    }
    results["numpy in memory"] = {"milliseconds": round(1e3 * median(numpy_seconds(folder, queries)), 1)}
    return results, wrong


def main():
    folder = options.folder or pathlib.Path(tempfile.mkdtemp()) / "index"
    if not folder.exists():
        began = time.perf_counter()
        build(folder)
        seconds = time.perf_counter() - began
        print(f"built {options.rows} x {options.width} in {seconds:.1f} s, {math.floor(options.rows / seconds)} rows per second")
    results, wrong = compare(folder)
    print(json.dumps({"rows": options.rows, "width": options.width, "threads": options.threads, "kind": options.kind, **results}, indent=2))
    print(f"{wrong} of {3 * options.queries} searches differ from numpy's")
    if options.folder is None:
        shutil.rmtree(folder.parent)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
