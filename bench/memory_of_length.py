"""Most memory of tag, predict, embed, features and eval: for a minute and for 24 hours, for 1,000 files and for 100,000.

    python bench/memory_of_length.py EARMARK [--hours 1] [--files 10000] [--full] [--limit 2000000]
        [--model MODEL] [--only length,files]

`length`: each command reads a recording of a minute, one of 10 minutes, the longest that is read whole, and one of
HOURS (WAV files at 8 kHz with a second of noise a minute and silence between, with holes on disk). Memory of the
first and the last must be equal within 10 % (and 2 MiB, which is noise). A command may refuse the long one by name
instead, and is then shown with its reason.
`files`: each command reads FILES / 100 recordings of 0.1 s, and FILES of them. What a further file adds, its name
and its scores in the result, must stay below 1,000 bytes.
All run with a limit of address space (`ulimit -v LIMIT`, in KiB; 0: none), on one thread. --full is 24 hours and
100,000 files, up to 2 GB on disk. The model is a tiny one that is trained at the start, of segments of a
second; --model takes another for tag, predict and embed.

Prints a Markdown table; ends with 1 where memory grows or a command fails. Standard library alone; the peak is
that which the system counts for the child (ru_maxrss), so a peak below Python's own can't be seen.
"""

import argparse
import os
import pathlib
import random
import resource
import shutil
import struct
import sys
import tempfile

from tiny_lab import CLASSES, RATE, Lab, table

SLACK = 2 << 20  # bytes
A_FILE = 1000  # bytes


def noise(draw, count):
    return b"".join(struct.pack("<h", draw.randrange(-12000, 12000)) for _ in range(count))


def wav_header(samples):
    size = 2 * samples
    head = b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", size
    return struct.pack("<4sI8sIHHIIHH4sI", *head)


def recording(path, seconds):
    """A second of noise at the start of each minute, and holes between."""
    samples = int(seconds * RATE)
    if 36 + 2 * samples >= 1 << 32:
        sys.exit(f"--hours: {seconds / 3600:g} hours don't fit into a WAV file")
    second = noise(random.Random(5), RATE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(wav_header(samples))
        for minute in range(0, int(seconds), 60):
            file.seek(44 + 2 * RATE * minute)
            file.write(second[: 2 * (samples - RATE * minute)])
        file.truncate(44 + 2 * samples)


def many(folder, count):
    """Recordings of 0.1 s, each with another sound, in the folders of the three classes."""
    draw = random.Random(6)
    sound = noise(draw, RATE)
    samples = RATE // 10
    names = list(CLASSES)
    for k in range(count):
        path = folder / names[k % 3] / f"{k // 3 // 1000:03}-{k:06}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        # The number as two samples: no two are the same.
        number = struct.pack("<hh", k % 30000, k // 30000)
        at = 2 * draw.randrange(RATE - samples)
        path.write_bytes(wav_header(samples) + number + sound[at : at + 2 * samples - 4])


def length_commands(model, name):
    """Command lines by name, for the recording `name`.wav and the labelled folder `name`-set."""
    file = f"{name}.wav"
    return {
        "tag": f"tag {file} --model {model} --threshold 0.2 -o out.csv --fresh",
        "tag --windows": f"tag {file} --model {model} --windows -o out.ndjson --fresh",
        "predict": f"predict {model} --files {file} -o out.csv",
        "predict --segments": f"predict {model} --files {file} --segments -o out.csv",
        "embed": f"embed {model} --files {file} -o out.npy",
        "features": f"features {file} --recipe tiny.toml -o out.npy",
        "features --handcrafted": f"features --handcrafted {file} -o out.csv",
        "eval": f"eval run --data {name}-set --layout folders --fold-table {name}-folds.csv --fold 1 --eval-dir eval-{name}",
    }


def files_commands(model, name):
    return {
        "tag": f"tag {name} --model {model} --threshold 0.2 -o out.csv --fresh",
        "predict": f"predict {model} --data {name} -o out.csv",
        "embed": f"embed {model} --data {name} -o out.npy",
        "features --handcrafted": f"features --handcrafted --data {name} -o out.csv",
        "eval": f"eval run --data {name} --layout folders --fold-table {name}-folds.csv --fold 1 --eval-dir eval-{name}",
    }


def fold_table(lab, folder, name, is_tested):
    """The folds of a labelled folder: `is_tested` says which clips are in fold 1."""
    names = sorted(str(p.relative_to(lab.path(folder))) for p in lab.path(folder).rglob("*.wav"))
    rows = [f"{name},{1 if is_tested(name) else 2}" for name in names]
    lab.write(f"{name}-folds.csv", "\n".join(["file,fold", *rows, ""]).encode())


def prepare_length(lab, name, seconds):
    """A recording, and a labelled folder in which it is the one that is tested, next to a clip of each class."""
    recording(lab.path(f"{name}.wav"), seconds)
    for label in CLASSES:
        for k in range(2):
            # Other sounds under other names than those of the training, which eval refuses.
            lab.tone(f"{name}-set/{label}/other-{k}.wav", CLASSES[label] * (0.9 - 0.03 * k))
    os.link(lab.path(f"{name}.wav"), lab.path(f"{name}-set/low/long.wav"))
    fold_table(lab, f"{name}-set", name, lambda file: not file.endswith("-1.wav"))


def measure(lab, commands, limit):
    """How each command ended, each with an empty cache."""
    ended = {}
    for name, words in commands.items():
        ended[name] = lab.run(words, timeout=6 * 3600, cache="cache-of-one", limit=limit * 1024 or None)
        shutil.rmtree(lab.path("cache-of-one"), ignore_errors=True)
    return ended


def mebibytes(count):
    return f"{count / (1 << 20):.1f}"


def compare_length(lab, options, model, rows, wrong):
    lengths = {"short": 60, "middle": 600, "long": int(3600 * options.hours)}
    for name, seconds in lengths.items():
        prepare_length(lab, name, seconds)
    short, middle, long = (measure(lab, length_commands(model, name), options.limit) for name in lengths)
    for name, few in short.items():
        much = long[name]
        remark = ""
        if few.code:
            wrong.append(f"{name}, a minute: ended with {few.code}: {few.last_words()}")
        # A reason that names the recording and its length, rather than a failure.
        if much.code in (1, 2) and "long.wav" in much.err and "panicked" not in much.err:
            remark = " ".join(much.err.split())[:150]
        elif much.code:
            wrong.append(f"{name}, {options.hours:g} hours: ended with {much.code}: {much.last_words()}")
        if much.memory > 1.1 * few.memory + SLACK:
            wrong.append(f"{name}: {mebibytes(much.memory)} MiB for hours and {mebibytes(few.memory)} MiB for a minute")
        peaks = (mebibytes(ended[name].memory) for ended in (short, middle, long))
        grown = f"{100 * (much.memory / few.memory - 1):+.0f} %"
        rows.append((name, *peaks, grown, f"{much.seconds:.1f} s", remark))


def compare_files(lab, options, model, rows, wrong):
    counts = {"few": max(options.files // 100, 30), "many": options.files}
    for name, count in counts.items():
        many(lab.path(name), count)
        fold_table(lab, name, name, lambda file: int(file[-10:-4]) % 4 != 3)
    few, much = (measure(lab, files_commands(model, name), options.limit) for name in counts)
    for name in few:
        for which, ended in ((counts["few"], few[name]), (counts["many"], much[name])):
            if ended.code:
                wrong.append(f"{name}, {which} files: ended with {ended.code}: {ended.last_words()}")
        more = (much[name].memory - few[name].memory) / (counts["many"] - counts["few"])
        if more > A_FILE + SLACK / counts["many"]:
            wrong.append(f"{name}: {more:.0f} bytes more for each file")
        peaks = (mebibytes(ended[name].memory) for ended in (few, much))
        rows.append((name, *peaks, f"{more:+.0f}", f"{much[name].seconds:.1f} s"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earmark")
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--full", action="store_true", help="24 hours and 100,000 files")
    parser.add_argument("--limit", type=int, default=2000000, help="KiB of address space; 0: no limit")
    parser.add_argument("--model", help="for tag, predict and embed, instead of a tiny one")
    parser.add_argument("--only", default="length,files")
    options = parser.parse_args()
    if options.full:
        options.hours, options.files = 24, 100000
    of_length, of_files, wrong = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.earmark, folder)
        # Segments of a second, so that a clip of 0.1 s is padded; one checkpoint, so that eval reads everything once.
        settings = "train.epochs=2 checkpoints.every-steps=1000 'validation.split={kind=\"none\"}'"
        sets = " ".join(f"--set {setting}" for setting in settings.split())
        lab.done(f"train tiny.toml --data tones --run run --fold 1 {sets}")
        model = str(pathlib.Path(options.model).resolve()) if options.model else "run"
        if "length" in options.only:
            compare_length(lab, options, model, of_length, wrong)
        if "files" in options.only:
            compare_files(lab, options, model, of_files, wrong)
    if of_length:
        peaks = ["MiB, 1 minute", "MiB, 10 minutes", f"MiB, {options.hours:g} hours"]
        table(["command", *peaks, "minute to hours", "time of the longest", "refused"], of_length)
        print()
    if of_files:
        peaks = [f"MiB, {max(options.files // 100, 30)} files", f"MiB, {options.files} files"]
        table(["command", *peaks, "bytes a file more", "time of the most"], of_files)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nAddress space limited to {options.limit} KiB; Python itself held {own:.0f} MiB.")
    for line in wrong:
        print(f"wrong: {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
