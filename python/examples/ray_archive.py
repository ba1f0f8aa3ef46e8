"""Tags an archive with Ray: a prefix of an object store or a folder in, Parquet out.

    pip install earmark "ray[data]"
    python ray_archive.py s3://bucket/recordings events --model sounds.safetensors --actors 8

An actor that dies is replaced, and its batch done again. A recording that can't be read has a row
with the reason in the column ``error``; their number is printed at the end, with exit code 2.
"""

import argparse
import sys

import pyarrow.compute
import ray

from earmark.ray import Tagger

ENDINGS = ["wav", "flac", "mp3", "ogg", "opus", "m4a", "aif", "aiff", "webm", "mka", "caf"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", help="a folder or a prefix, such as s3://bucket/recordings")
    parser.add_argument("out", help="new folder or prefix for the Parquet files")
    parser.add_argument("--model", default="efficientat-mn04-as")
    parser.add_argument("--threshold", type=float, help="default: the model's own, or 0.3")
    parser.add_argument("--embeddings", action="store_true", help="embeddings instead of events")
    parser.add_argument("--actors", type=int, help="default: one per CPU, less one that reads")
    parser.add_argument("--batch", type=int, default=16, help="recordings of one call")
    given = parser.parse_args()

    settings = {
        "model": given.model,
        "output": "embeddings" if given.embeddings else "events",
        "options": {} if given.threshold is None else {"threshold": given.threshold},
    }
    # A cluster, where RAY_ADDRESS names one; else this machine.
    ray.init(ignore_reinit_error=True)
    actors = given.actors or max(1, int(ray.cluster_resources().get("CPU", 1)) - 1)
    recordings = ray.data.read_binary_files(
        given.archive, include_paths=True, file_extensions=ENDINGS
    )
    rows = recordings.map_batches(
        Tagger,
        fn_constructor_kwargs=settings,
        concurrency=actors,
        batch_size=given.batch,
    )
    rows.write_parquet(given.out)
    written = ray.data.read_parquet(given.out).select_columns(["file", "error"])
    failed = written.map_batches(with_errors, batch_format="pyarrow").take_all()
    for row in failed:
        print(f"skipped {row['file']}: {row['error']}", file=sys.stderr)
    return 2 if failed else 0


def with_errors(rows):
    """The rows of recordings that could not be read."""
    return rows.filter(pyarrow.compute.is_valid(rows["error"]))


if __name__ == "__main__":
    sys.exit(main())
