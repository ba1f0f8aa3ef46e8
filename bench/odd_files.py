"""Odd audio from the test files of public packages, read by earmark, ffmpeg and libsndfile: who refuses what, and
do lengths and samples agree?

    cargo build --release --bins --examples
    python bench/odd_files.py EARMARK [--folder odd] [--full] [--packages pypi:mutagen,...] [--explained FILE]
        [--json FILE]

Fills the folder by bench/odd_file_packages.py (QUICK, or FULL with --full; what is there is not downloaded again;
--packages "" takes what is there). Each file is read by `salvage` (next to EARMARK in examples/, or --salvage), by
ffmpeg and by libsndfile, each in a process of its own with a time limit, and the means over the channels are
compared: a length differs by more than 1 % and 10 ms, or samples by more than 0.001 of full scale after the best
shift by up to 3,000 samples (decoders keep or drop the padding of an encoder). Then `EARMARK data check` reads all
of them at once.

Prints a Markdown table and lists. A file is listed where both others read it and earmark refuses it, where its
length is neither's, and where its samples are neither's; --explained names a CSV file (sha256,why; the first 12
digits do) of differences that were looked at, which are listed with their reason. Ends with 1 where one is
unexplained, and where earmark crashes or takes longer than a minute. Needs ffmpeg, numpy and soundfile.
"""

import argparse
import collections
import csv
import hashlib
import json
import multiprocessing
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import numpy as np

from odd_file_packages import FULL, QUICK, collection

SECONDS = 60  # before a program counts as hanging
MEMORY = 8 << 30  # bytes of address space for earmark
TOLERANCE = 1e-3
FARTHEST = 3000  # samples of shift


class Sound:
    """What a program read: mono samples and their rate, or why not; and what it said of it."""

    def __init__(self, samples=None, rate=0, error="", remarks=()):
        self.samples, self.rate, self.error, self.remarks = samples, rate, error, list(remarks)

    @property
    def seconds(self):
        return len(self.samples) / self.rate if self.reads else 0.0

    @property
    def reads(self):
        return self.samples is not None and len(self.samples) > 0 and self.rate > 0

    def words(self):
        return f"{self.seconds:.3f} s" if self.reads else f"no ({self.error[:90]})" if self.error else "no samples"


def by_ffmpeg(path):
    """The first audio stream, through a WAV pipe, whose header says rate and channels."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "wav", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Sound(error="takes too long")
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    at, data = done.stdout.find(b"fmt "), done.stdout.find(b"data")
    if at < 0 or data < 0:
        return Sound(error=said[-1] if said else "no output")
    channels = int.from_bytes(done.stdout[at + 10 : at + 12], "little")
    rate = int.from_bytes(done.stdout[at + 12 : at + 16], "little")
    count = (len(done.stdout) - data - 8) // (4 * channels)
    samples = np.frombuffer(done.stdout, "<f4", count * channels, data + 8).reshape(-1, channels)
    return Sound(samples.mean(axis=1, dtype=np.float64), rate, remarks=said[:3])


def sndfile_child(path, out):
    import soundfile

    # Its MP3 decoder talks to stderr.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        np.savez(out, samples=samples.mean(axis=1, dtype=np.float64), rate=rate)
    except Exception as error:
        np.savez(out, error=str(error))


def by_sndfile(path, scratch):
    """In a child: libraries crash on odd files."""
    out = scratch / "sndfile.npz"
    out.unlink(missing_ok=True)
    child = multiprocessing.get_context("fork").Process(target=sndfile_child, args=(str(path), str(out)))
    child.start()
    child.join(SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        return Sound(error="takes too long")
    if not out.exists():
        return Sound(error=f"ends with {child.exitcode}")
    found = np.load(out)
    if "error" in found:
        return Sound(error=str(found["error"]).split(": ", 1)[-1])
    return Sound(found["samples"], int(found["rate"]))


def by_earmark(path, program, scratch):
    """The sound, and whether the program crashed or hung."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731
    command = [program, scratch, path]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return Sound(error="takes too long"), True
    if done.returncode:
        return Sound(error=f"ends with {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}"), True
    said = json.loads(done.stdout)
    if "error" in said:
        return Sound(error=said["error"].split(f"{path}: ", 1)[-1]), False
    out = scratch / f"{path.name}.f32"
    samples = np.fromfile(out, "<f4").astype(np.float64)
    out.unlink()
    usual = ("resampled from", "mixed down")
    remarks = [note for note in said["notes"] if not note.startswith(usual)] + said["losses"]
    return Sound(samples, said["sample_rate_hz"], remarks=remarks), False


def same_length(a, b):
    return abs(a.seconds - b.seconds) <= max(0.01 * max(a.seconds, b.seconds), 0.01)


def difference(a, b):
    """Largest difference of two sounds at one rate, after the best shift; None where they can't be compared."""
    if a.rate != b.rate:
        return None
    x, y = (np.nan_to_num(s.samples, posinf=0, neginf=0) for s in (a, b))

    def apart(shift):
        u, v = x[max(shift, 0) :], y[max(-shift, 0) :]
        count = min(len(u), len(v))
        return float(np.abs(u[:count] - v[:count]).max()) if count else np.inf

    # No shift, equal ends, or where the start of both fits best.
    shifts = {0, len(x) - len(y)}
    count = min(len(x), len(y), 1 << 17)
    if count > 1:
        size = 1 << (2 * count - 1).bit_length()
        match = np.fft.irfft(np.fft.rfft(x[:count], size) * np.conj(np.fft.rfft(y[:count], size)), size)
        shifts.add((int(match.argmax()) + size // 2) % size - size // 2)
    return min(apart(shift) for shift in shifts if abs(shift) <= FARTHEST or shift == 0)


def verdict(ours, others):
    """What is wrong with one file, as words; "" where nothing is."""
    reading = [other for other in others if other.reads]
    if not ours.reads:
        return "refused" if len(reading) == 2 else ""
    if not reading:
        return ""
    if not any(same_length(ours, other) for other in reading):
        return "length"
    apart = [d for other in reading if (d := difference(ours, other)) is not None]
    return "samples" if apart and min(apart) > TOLERANCE else ""


def explanations(path):
    if not path:
        return {}
    with open(path, newline="") as file:
        return {row["sha256"][:12]: row["why"] for row in csv.DictReader(file)}


def check_all(earmark, files, folder):
    """`data check` over all of them at once: its exit status, and how many it names as what."""
    into = folder / "all/odd"
    into.mkdir(parents=True)
    for number, path in enumerate(files):
        (into / f"{number:04}{path.suffix}").symlink_to(path.resolve())
    command = [earmark, "data", "check", folder / "all", "--layout", "folders", "--json"]
    env = os.environ | {"EARMARK_CACHE": str(folder / "cache"), "EARMARK_QUIET": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, env=env)
    try:
        kinds = collections.Counter(finding["kind"] for finding in json.loads(done.stdout)["findings"])
    except (ValueError, KeyError):
        return f"ended with {done.returncode}: {done.stderr[-200:]}", True
    named = ", ".join(f"{kinds[kind]} {kind}" for kind in ("unreadable", "damaged", "contradiction", "empty") if kinds[kind])
    return f"exit status {done.returncode}; {named}", done.returncode not in (0, 1, 2) or "panicked" in done.stderr


def measure(files, program, explained):
    """A row for each file."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for path in files:
            ours, is_crash = by_earmark(path, program, scratch)
            others = by_ffmpeg(path), by_sndfile(path, scratch)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            fault = "crash" if is_crash else verdict(ours, others)
            both = [difference(ours, o) if ours.reads and o.reads else None for o in others]
            rows.append({
                "file": "/".join(path.parts[-2:]), "sha256": digest, "fault": fault, "why": explained.get(digest, ""),
                "reads": [s.reads for s in (ours, *others)], "words": [s.words() for s in (ours, *others)],
                "difference": both, "remarks": ours.remarks, "error": ours.error,
            })  # fmt: skip
    return rows


def show(rows, checked):
    """The table, the reasons of refusals, and the list of faults; how many are unexplained."""
    reads = collections.Counter(tuple(row["reads"]) for row in rows)
    faults = collections.Counter(row["fault"] for row in rows if row["fault"])
    lines = [
        ("files", len(rows)),
        ("read by ffmpeg and libsndfile", reads[True, True, True] + reads[False, True, True]),
        ("... and refused by earmark", reads[False, True, True]),
        ("read by ffmpeg alone; by earmark, too", f"{sum(reads[e, True, False] for e in (True, False))}; {reads[True, True, False]}"),
        ("read by libsndfile alone; by earmark, too", f"{sum(reads[e, False, True] for e in (True, False))}; {reads[True, False, True]}"),
        ("read by earmark alone", reads[True, False, False]),
        ("read with something lost or contradictory", sum(bool(row["remarks"]) and row["reads"][0] for row in rows)),
        ("length like neither of them", faults["length"]),
        ("samples like neither of them", faults["samples"]),
        ("crashes, or longer than a minute", faults["crash"]),
        ("`data check` over all", checked),
    ]  # fmt: skip
    print("| what | files |\n|---|---|")
    for line in lines:
        print("| {} | {} |".format(*line))
    for which, is_read in (("Refused, though another reads them", True), ("Refused by all", False)):
        refused = [row for row in rows if not row["reads"][0] and any(row["reads"]) == is_read]
        reasons = collections.Counter(row["error"].split(";")[0][:100] or "no samples" for row in refused)
        print(f"\n{which}: " + "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(25)))
    for row in sorted((row for row in rows if row["fault"]), key=lambda row: (row["fault"], row["file"])):
        apart = ", ".join(f"{d:.4f}" if d is not None else "-" for d in row["difference"])
        words = " / ".join(row["words"])
        print(f"\n{row['fault']}: {row['file']} ({row['sha256']})\n  earmark / ffmpeg / libsndfile: {words}; apart by {apart}")
        for remark in row["remarks"][:3]:
            print(f"  earmark says: {remark[:200]}")
        if row["why"]:
            print(f"  explained: {row['why']}")
    return sum(bool(row["fault"] and (row["fault"] == "crash" or not row["why"])) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earmark", type=pathlib.Path)
    parser.add_argument("--salvage", type=pathlib.Path, help="the example; default: in examples/ next to EARMARK")
    parser.add_argument("--folder", type=pathlib.Path, default="odd")
    parser.add_argument("--full", action="store_true", help="all packages that are known to hold odd files")
    parser.add_argument("--packages", help="instead of the built-in lists, separated by commas")
    parser.add_argument("--explained", type=pathlib.Path, help="sha256,why")
    parser.add_argument("--json", type=pathlib.Path, help="everything measured, for later")
    options = parser.parse_args()
    program = options.salvage or options.earmark.parent / "examples/salvage"
    if not program.is_file():
        sys.exit(f"{program}: not built; run cargo build --release -p earmark-audio --example salvage, or name it with --salvage")
    wanted = FULL if options.full else QUICK
    if options.packages is not None:
        wanted = [package for package in options.packages.split(",") if package]
    files = collection(options.folder, wanted)
    rows = measure(files, program.resolve(), explanations(options.explained))
    with tempfile.TemporaryDirectory() as folder:
        checked, is_wrong = check_all(options.earmark.resolve(), files, pathlib.Path(folder))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    sys.exit(bool(show(rows, checked) or is_wrong))


if __name__ == "__main__":
    main()
