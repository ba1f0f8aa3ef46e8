"""A folder with small sounds and recipes, and the program run in it: what kills.py, bit_flips.py and
memory_of_length.py have in common. Standard library alone, so that a child's memory isn't hidden by Python's.

The sounds are three classes of six tones of a second, 8 kHz; the recipes are as small as they get, with
everything random on, so that a training takes part of a second.
"""

import array
import json
import math
import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import time
import wave

RATE = 8000
CLASSES = {"high": 2500.0, "low": 300.0, "mid": 1000.0}
RECIPE = pathlib.Path(__file__).parents[1] / "crates/earmark-cli/tests/end_to_end/tiny.toml"
STACK = """
name = "second"
[stack]
[network]
kind = "fc-net"
base = 4
reduction = 2
drop-prob = 0.2
[train]
seed = 3
epochs = 30
learning-rate = 1e-2
loss = { kind = "softmax-cross-entropy" }
[batches]
size = 4
[validation]
split = { kind = "hold-out", fraction = 0.25 }
[checkpoints]
every-steps = 5
"""


class Ended:
    """What a command left: exit status (negative: a signal), both outputs, seconds, most memory in bytes."""

    def __init__(self, code, out, err, seconds, memory):
        self.code, self.out, self.err, self.seconds, self.memory = code, out, err, seconds, memory

    def last_words(self):
        return (self.err.strip().splitlines() or ["no reason given"])[-1][:200]


class Lab:
    """Sounds, recipes and cache in `folder`, and the program `earmark` run there."""

    def __init__(self, earmark, folder):
        self.earmark, self.folder = pathlib.Path(earmark).resolve(), pathlib.Path(folder).resolve()
        if not self.earmark.is_file():
            sys.exit(f"{earmark}: no such program")
        for name, hz in CLASSES.items():
            for k in range(6):
                self.tone(f"tones/{name}/{k}.wav", hz * (1 + 0.03 * k))
        self.write("tiny.toml", RECIPE.read_bytes().replace(b"epochs = 6\n", b"epochs = 12\n"))
        self.write("second.toml", STACK.encode())

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(content)

    def tone(self, name, hz, seconds=1.0):
        """A tone with some noise, 16 bits."""
        draw = random.Random(name)
        count = int(RATE * seconds)
        sound = (12000 * math.sin(math.tau * hz * i / RATE) + 4000 * (draw.random() - 0.5) for i in range(count))
        samples = array.array("h", (int(x) for x in sound))
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self.path(name)), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(samples.tobytes())

    def start(self, words, cache="cache", more=None, limit=None):
        """Starts the program in the folder, with no setting from outside; outputs go to files."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("EARMARK_")}
        env |= {"EARMARK_CACHE": str(self.path(cache)), "EARMARK_MODELS": str(self.path("models"))}
        env |= {"EARMARK_THREADS": "1", "EARMARK_QUIET": "1", "RUST_BACKTRACE": "0", **(more or {})}
        out, err = (open(self.path(f".{which}"), "w+b") for which in ("out", "err"))
        before = None
        if limit:
            import resource

            def before():
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        process = subprocess.Popen(
            [self.earmark, *(shlex.split(words) if isinstance(words, str) else map(str, words))],
            cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=before,
        )  # fmt: skip
        process.outputs, process.began = (out, err), time.monotonic()
        return process

    def end(self, process, timeout=None):
        """Waits for a started program; after `timeout` seconds it is killed.

        By its number and not by `Popen`, which would take its exit status, and with it the memory, away."""
        if timeout is not None and not self.ends_within(process, timeout):
            os.kill(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - process.began
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in process.outputs:
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
            file.close()
        return Ended(process.returncode, *texts, seconds, usage.ru_maxrss * 1024)

    @staticmethod
    def ends_within(process, seconds):
        """Whether the process ends in this time; it is left to be waited for."""
        until = time.monotonic() + seconds
        pause = 0.0005
        while time.monotonic() < until:
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return True
            time.sleep(min(pause, max(until - time.monotonic(), 0)))
            pause = min(2 * pause, 0.005)
        return False

    def run(self, words, timeout=600, **settings):
        return self.end(self.start(words, **settings), timeout)

    def done(self, words, allowed=(0,), **settings):
        """Runs a command that must work for the measurement to mean anything."""
        ended = self.run(words, **settings)
        if ended.code not in allowed:
            sys.exit(f"earmark {words}\nended with {ended.code}: {ended.last_words()}")
        return ended

    def tree(self, name):
        """All files below a path, or that file: path to bytes. Without locks and what holds times."""
        top = self.path(name)
        if top.is_file():
            return {"": top.read_bytes()}
        found = {}
        for path in sorted(top.rglob("*")):
            if path.is_file() and path.name not in (".lock", "log.txt"):
                found[str(path.relative_to(top))] = without_times(path)
        return found


def without_times(path):
    """A file's bytes; of a run.json only what does not depend on when and how it was started."""
    data = path.read_bytes()
    if path.name != "run.json":
        return data
    try:
        content = json.loads(data)
        for key in ("started", "command", "checksum"):
            content.pop(key, None)
        return json.dumps(content, sort_keys=True).encode()
    except (ValueError, AttributeError):
        return data


def differing(wanted, found):
    """Names of files that are in one of two trees alone, or differ."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def table(heads, rows):
    """Prints a Markdown table."""
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
