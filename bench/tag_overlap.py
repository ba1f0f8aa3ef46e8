"""How long `earmark tag` takes for an archive whose windows overlap by half, next to another build.

    python bench/tag_overlap.py --earmark target/release/earmark --other OTHER --model MODEL --data ESC-10
        [--recordings 2000] [--rounds 9] [--busy]

The recordings below DATA are copied until there are RECORDINGS of them, and tagged in windows of two seconds,
one every second; and, joined to a sixth as many of half a minute (1 GB), in windows of the model's length, one every half of
it. In each round both programs do both, in turns, whichever goes first. Prints a Markdown table: medians, and the
median of the rounds' ratios with their range (below 1: the first program is quicker), and how many events of the
two tables differ in class or time. Before each round the machine must be left alone by others; --busy measures
all the same. Needs ffmpeg, and Python 3.11+ with its standard library alone.
"""

import argparse
import csv
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import machine

JOINED = 6
WORKS = {"5 s, windows of 2 s every second": ["--window", "2", "--hop", "1"], "30 s, the model's windows": []}


def archives(data, count, folder):
    """For each work, a folder of `count` recordings, or of a sixth as many that are longer."""
    sources = sorted(p.resolve() for p in data.rglob("*") if p.suffix in (".ogg", ".wav", ".flac"))
    if len(sources) < JOINED:
        sys.exit(f"{data}: fewer than {JOINED} recordings")
    joined = []
    for first in range(0, len(sources) - JOINED + 1, JOINED):
        listing, path = folder / "list.txt", folder / f"joined-{first}.wav"
        listing.write_text("".join(f"file '{p}'\n" for p in sources[first : first + JOINED]))
        command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", listing]
        subprocess.run([*command, "-ac", "1", "-ar", "44100", path], check=True)
        joined.append(path)
    made = {}
    for work, files, count in zip(WORKS, (sources, joined), (count, count // JOINED)):
        made[work] = folder / str(len(made))
        made[work].mkdir()
        for number in range(count):
            source = files[number % len(files)]
            # A link would be recognised as the same recording, and left out.
            shutil.copyfile(source, made[work] / f"{number:05}{source.suffix}")
    return made


def events(table):
    with open(table, newline="") as file:
        return {tuple(v for k, v in row.items() if k not in ("score", "confidence")) for row in csv.DictReader(file)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", required=True)
    parser.add_argument("--other", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--recordings", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--busy", action="store_true")
    args = parser.parse_args()
    programs = [args.earmark, args.other]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made = archives(args.data, args.recordings, folder)
        taken = {(work, k): [] for work in WORKS for k in (0, 1)}
        for round_number in range(args.rounds):
            share = machine.wait_until_quiet(120)
            if not args.busy and share is not None and share > machine.QUIET:
                sys.exit(f"others use {share:.0%} of this machine; --busy measures all the same")
            for work, more in WORKS.items():
                for k in (0, 1) if round_number % 2 == 0 else (1, 0):
                    out = folder / f"{k}-{list(WORKS).index(work)}.csv"
                    command = [programs[k], "tag", made[work], "--model", args.model, "-o", out, "--fresh", *more]
                    start = time.perf_counter()
                    subprocess.run(command, check=True, capture_output=True)
                    taken[work, k].append(time.perf_counter() - start)
            print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        print(f"{machine.processor()}; {machine.cores()} cores; {args.rounds} rounds in turns\n")
        print("| recordings | first | second | ratio (rounds) | events | other events |")
        print("|---|---|---|---|---|---|")
        for number, work in enumerate(WORKS):
            first, second = taken[work, 0], taken[work, 1]
            ratios = [a / b for a, b in zip(first, second)]
            ours, others = events(folder / f"0-{number}.csv"), events(folder / f"1-{number}.csv")
            print(
                f"| {len(list(made[work].iterdir())):,} of {work} | {statistics.median(first):.1f} s | {statistics.median(second):.1f} s "
                f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
                f"| {len(ours)} | {len(ours ^ others)} |"
            )


if __name__ == "__main__":
    main()
