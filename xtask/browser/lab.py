"""What the pages are tested on: recordings whose names would be markup, tables, a small model, an index."""

import array
import csv
import math
import pathlib
import random
import subprocess
import wave

RATE = 16000
# No name has a slash: they are names of files and of folders.
NAMES = [
    "<script>window.harm=1<script>.wav",
    "\"quoted\" & 'single'.wav",
    "bird 🐦 song.wav",
    "שלום-עולם.wav",
    "a\u202eb.wav",
    '<img src=x onerror="window.harm=1">.wav',
]
CLASSES = ['<b onclick="window.harm=1">Dog', 'Wren "small"', "צרצר 🦗"]
HERTZ = [400, 1500, 4000]
EVENTS = 60
MANY = 10_000
CLIPS_PER_CLASS = 12
# Clips of each class that are in the folder of the next one.
WRONG_PER_CLASS = 2
# Trains in seconds; what it has learned is of no interest.
RECIPE = [
    "folder", "--set", "train.steps=2", "--set", "network.width=0.1", "--set", "cache.disk-mib=0",
    "--set", "front-end.sample-rate-hz=16000", "--set", "front-end.mel.max-hz=7500",
]  # fmt: skip


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", samples).tobytes())


def tone(hz, seconds, seed):
    drawn = random.Random(seed)
    noise = [drawn.uniform(-800, 800) for _ in range(997)]
    step = 2 * math.pi * hz / RATE
    return [int(7000 * math.sin(step * k) + noise[k % 997]) for k in range(int(seconds * RATE))]


class Lab:
    """A folder with everything."""

    def __init__(self, folder, program):
        self.folder = pathlib.Path(folder)
        self.program = str(pathlib.Path(program).absolute())

    def run(self, *words):
        """Runs a command that must succeed; what it prints."""
        done = subprocess.run(
            [self.program, *words], cwd=self.folder, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, f"earmark {' '.join(words)}: exit code {done.returncode}\n{done.stderr}"
        return done.stdout

    def make_events(self):
        """Recordings, a table of a few events, and one of many."""
        for number in range(12):
            name = NAMES[number] if number < len(NAMES) else f"{number:02}.wav"
            hz = 300 * (number + 2)
            # A second of it, eight times.
            second = [int(9000 * math.sin(2 * math.pi * hz * k / RATE) * (k // 4000 % 2)) for k in range(RATE)]
            write_wav(self.folder / name, 8 * second)
        names = sorted(path.name for path in self.folder.glob("*.wav"))
        for table, count in (("few.csv", EVENTS), ("many.csv", MANY)):
            with open(self.folder / table, "w", newline="", encoding="utf-8") as file:
                rows = csv.writer(file)
                rows.writerow(["file", "start_seconds", "end_seconds", "class", "score"])
                for k in range(count):
                    start = (k // len(names)) % 1000 * 0.007
                    score = 0.05 + 0.9 * ((k * 37) % 101) / 101
                    event = [names[k % len(names)], f"{start:.3f}", f"{start + 0.5:.3f}", CLASSES[k % 3], f"{score:.3f}"]
                    rows.writerow(event)

    def make_clips(self):
        """A folder per class, some clips in the wrong one, and scores that know better."""
        rows = []
        for number, hz in enumerate(HERTZ):
            for k in range(CLIPS_PER_CLASS):
                labelled = (number + 1) % 3 if k < WRONG_PER_CLASS else number
                folder = self.folder / "clips" / CLASSES[labelled]
                folder.mkdir(parents=True, exist_ok=True)
                name = f"{number}-{k:02}.wav"
                write_wav(folder / name, tone(hz * (1 + 0.02 * k), 1.0, 100 * number + k))
                scores = [0.9 if place == number else 0.05 for place in range(3)]
                rows.append([f"{CLASSES[labelled]}/{name}", *scores])
        with open(self.folder / "oof.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["fname", *CLASSES], *rows])

    def make_archive(self):
        """Recordings of six seconds: two of each kind of sound in each."""
        (self.folder / "archive").mkdir()
        for number in range(6):
            name = NAMES[number]
            kinds = [HERTZ[(number + k // 2) % 3] for k in range(6)]
            samples = [sample for k, hz in enumerate(kinds) for sample in tone(hz, 1.0, 10 * number + k)]
            write_wav(self.folder / "archive" / name, samples)

    def make_model(self):
        self.run("train", *RECIPE, "--data", "clips", "--run", "model")

    def make_index(self):
        self.run("index", "add", "archive", "--model", "model", "--to", "index")
