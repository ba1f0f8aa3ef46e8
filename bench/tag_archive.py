"""An archive processed by `earmark tag`, killed and resumed: every good recording exactly once, every broken
one named.

    python bench/tag_archive.py --data ESC-10 --model MODEL [--earmark target/release/earmark]
        [--copies 5] [--broken 20] [--kills 3] [--seed 1] [--hours 3] [--only archive,memory]
        [-- FURTHER ARGUMENTS OF earmark tag]

`archive`: the recordings below DATA are linked COPIES times, and BROKEN ones put among them (cut off,
damaged, empty, no audio). They are tagged once without interruption, and once more, killed with SIGKILL
after times that SEED draws, each time resumed by the same command. Both results must be the same bytes.
`memory`: most memory held while tagging recordings of 3 minutes and of HOURS. Prints a Markdown table;
exits with 1 where anything is not as it should be. Needs Python alone.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

AUDIO = (".ogg", ".wav", ".flac", ".mp3")


def archive(data, folder, copies, broken, rng):
    """Links of all recordings, and broken ones; the names of each."""
    sources = sorted(p for p in pathlib.Path(data).rglob("*") if p.suffix in AUDIO and not p.name.startswith("."))
    if not sources:
        sys.exit(f"{data}: no audio in it")
    good, bad = [], []
    for copy in range(copies):
        into = folder / f"copy-{copy}"
        into.mkdir(parents=True)
        for number, source in enumerate(sources):
            path = into / f"{number:04}-{source.name}"
            path.symlink_to(source.resolve())
            good.append(path)
    # Cut off in many places, bytes changed, nothing at all, something else.
    for number in range(broken):
        source = rng.choice(sources)
        whole = source.read_bytes()
        path = folder / f"copy-{number % copies}" / f"{rng.randrange(10000):04}-broken-{number}{source.suffix}"
        kind = number % 4
        if kind == 0:
            path.write_bytes(whole[: rng.randrange(1, len(whole))])
        elif kind == 1:
            changed = bytearray(whole)
            for _ in range(20):
                changed[rng.randrange(len(changed) // 2, len(changed))] ^= 0xFF
            path.write_bytes(changed)
        elif kind == 2:
            path.write_bytes(b"")
        else:
            path.write_text("no audio\n" * 100)
        bad.append(path)
    return good, bad


def start(options, arguments, folder):
    log = open(folder / "stderr.txt", "w+")
    command = [options.earmark, "tag", *map(str, arguments), "--model", options.model, *options.rest]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log), log


def end(process, log):
    """Exit status, stderr and most memory held in MiB."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    log.seek(0)
    return process.returncode, log.read(), usage.ru_maxrss / 1024


def check(good, bad, result, err):
    """What is wrong with a result."""
    records = [json.loads(line) for line in open(result)]
    times = collections.Counter(r["file"] for r in records if "error" not in r)
    named = {r["file"] for r in records if "error" in r}
    wrong = [f"{p}: {times[str(p)]} times" for p in good if times[str(p)] != 1]
    wrong += [f"{p}: is not named" for p in bad if f"skipped {p}: " not in err or str(p) not in named]
    if len(records) != len(good) + len(bad):
        wrong.append(f"{len(records)} records for {len(good) + len(bad)} files")
    return wrong


def tag_archive(options, folder, rng):
    good, bad = archive(options.data, folder / "in", options.copies, options.broken, rng)
    whole, killed = folder / "whole.ndjson", folder / "killed.ndjson"
    begin = time.monotonic()
    status, err, memory = end(*start(options, [folder / "in", "-o", whole], folder))
    seconds = time.monotonic() - begin
    wrong = [f"exit status {status} instead of 2"] if status != 2 else []
    wrong += check(good, bad, whole, err)
    done = []
    for _ in range(options.kills):
        process, log = start(options, [folder / "in", "-o", killed], folder)
        time.sleep(rng.uniform(0.1, 0.9) * seconds / (options.kills + 1))
        if process.poll() is None:
            process.kill()
        end(process, log)
        journal = pathlib.Path(f"{killed}.journal")
        done.append(journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0)
    if killed.exists():
        wrong.append("a result is there before everything was tagged")
    status, err, _ = end(*start(options, [folder / "in", "-o", killed], folder))
    wrong += [f"exit status {status} instead of 2"] if status != 2 else []
    wrong += check(good, bad, killed, err)
    if whole.read_bytes() != killed.read_bytes():
        wrong.append("the interrupted command ended with other bytes")
    left = [p.name for p in folder.iterdir() if "journal" in p.name or ".tmp-" in p.name]
    wrong += [f"{name} was left behind" for name in left]
    audio = sum(json.loads(line).get("seconds", 0) for line in open(whole))
    rows = [
        ("recordings, good and broken", f"{len(good)} and {len(bad)}"),
        ("recordings in the resume log at each kill", ", ".join(map(str, done))),
        ("time without interruption", f"{seconds:.1f} s, {audio / seconds:.0f} x real time"),
        ("most memory", f"{memory:.0f} MiB"),
    ]
    return rows, wrong


def synthetic(path, seconds, rate):
    """Noise that is louder every seventh second, 16 bits, one channel."""
    rng = random.Random(seconds)
    quiet, loud = (bytes(b for _ in range(rate) for b in struct.pack("<h", rng.randrange(-a, a))) for a in (200, 12000))
    with open(path, "wb") as wav:
        size = 2 * rate * seconds
        wav.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", size))
        for second in range(seconds):
            wav.write(quiet if second % 7 else loud)


def tag_long(options, folder):
    rows, peaks = [], []
    for name, seconds in (("3 minutes", 180), (f"{options.hours:g} hours", int(3600 * options.hours))):
        synthetic(folder / "long.wav", seconds, 32000)
        for kind, arguments in (("events", []), ("windows", ["--windows"])):
            begin = time.monotonic()
            status, err, memory = end(*start(options, [folder / "long.wav", "-o", folder / "long.csv", *arguments], folder))
            took = time.monotonic() - begin
            if status:
                sys.exit(err)
            peaks.append((kind, memory))
            rows.append((f"most memory, {name}, {kind}", f"{memory:.0f} MiB in {took:.1f} s, {seconds / took:.0f} x real time"))
    short, long = dict(peaks[:2]), dict(peaks[2:])
    wrong = [f"{k}: {long[k]:.0f} MiB for hours and {short[k]:.0f} MiB for minutes" for k in short if long[k] > short[k] * 1.1 + 16]
    return rows, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--data")
    parser.add_argument("--model", required=True)
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--broken", type=int, default=20)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=3)
    parser.add_argument("--only", default="archive,memory")
    parser.add_argument("rest", nargs="*", help="further arguments of earmark tag, behind --")
    options = parser.parse_args()
    rows, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if "archive" in options.only:
            if not options.data:
                sys.exit("--data: name a folder with recordings")
            found = tag_archive(options, folder, random.Random(options.seed))
            rows, wrong = rows + found[0], wrong + found[1]
        if "memory" in options.only:
            found = tag_long(options, folder)
            rows, wrong = rows + found[0], wrong + found[1]
    print("| what | measured |\n|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    for line in wrong[:20]:
        print(f"wrong: {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
