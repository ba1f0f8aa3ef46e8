"""An archive through Ray Data: a pool of two actors of `earmark.ray.Tagger`, one of which dies in the midst of its work.

    python bench/ray_archive.py ARCHIVE --program earmark --model MODEL [--threshold 0.3] [-o OUT.json]

Tags the folder ARCHIVE with the command, then the same recordings by Ray on a cluster of this machine (four logical
processors). Ray 2.60 listens on the machine's own address even where it is given the loopback one; in a network of its
own, with that address alone, it can't: unshare --net sh -c "ip link set lo up; python bench/ray_archive.py ...".

One actor ends its process at a recording in the middle, once. After sorting, Ray's rows of events must be the command's,
number by number, and the recordings that either can't read the same. Prints a JSON object.

Run with the package and what `earmark[ray]` brings.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet
import ray

import earmark
from earmark.ray import Tagger

EVENT = ("file", "start_seconds", "end_seconds", "class", "score")


def by_command(args, out):
    """Rows of events, and names of recordings that can't be read."""
    words = ["tag", args.archive, "--model", args.model, "--threshold", str(args.threshold), "-o", out, "--json", "-q"]
    done = subprocess.run([args.program, *words], capture_output=True, text=True)
    if done.returncode not in (0, 2):
        sys.exit(done.stderr)
    columns = pyarrow.parquet.read_table(out).to_pylist()
    rows = [tuple(row[name] for name in EVENT) for row in columns]
    return sorted(rows), sorted(name for name, _ in json.loads(done.stdout)["skipped"])


def by_ray(args, paths, died):
    fatal = paths[len(paths) // 2]

    class Fragile(Tagger):
        """Dies at a certain recording, once."""

        def __call__(self, batch):
            if fatal in batch["path"] and not died.exists():
                died.touch()
                os._exit(1)
            return super().__call__(batch)

    ray.init(num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    try:
        pool = ray.data.from_items([{"path": path} for path in paths]).map_batches(
            Fragile,
            fn_constructor_kwargs={"model": args.model, "options": {"threshold": args.threshold}},
            concurrency=2,
            batch_size=16,
        )
        return pool.take_all()
    finally:
        ray.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive")
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("-o", "--out")
    args = parser.parse_args()
    args.archive, args.model = os.path.abspath(args.archive), os.path.abspath(args.model)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        events, skipped = by_command(args, folder / "tags.parquet")
        paths = [str(path) for path in earmark.recordings(args.archive)]
        begun, died = time.monotonic(), folder / "died"
        rows = by_ray(args, paths, died)
        seconds = time.monotonic() - begun
        if not died.exists():
            sys.exit("no actor died")
    failed = sorted(row["file"] for row in rows if row["error"])
    found = sorted(tuple(row[name] for name in EVENT) for row in rows if not row["error"])
    if failed != skipped:
        sys.exit(f"not readable: {len(failed)} by Ray, {len(skipped)} by the command: {sorted(set(failed) ^ set(skipped))[:3]}")
    if found != events:
        sys.exit(f"{len(found)} events by Ray, {len(events)} by the command: {sorted(set(found) ^ set(events))[:4]}")
    about = {"recordings": len(paths), "not_readable": len(failed), "events": len(found), "seconds": round(seconds, 1)}
    text = json.dumps(about, indent=1)
    print(text)
    if args.out:
        pathlib.Path(args.out).write_text(text + "\n")


if __name__ == "__main__":
    main()
