"""Measures earmark on a GPU next to PyTorch within eight minutes, in stages, the most useful first.

    python bench/gpu.py pack --program target/gpu/cuda/release/earmark --model MN04.safetensors --esc10 ESC-10
        [--reference] -o gpu.tar.xz
    tar xf gpu.tar.xz && cd gpu && python gpu.py run --device cuda [--out results.jsonl] [--seconds 470] [--toy]
    python gpu.py table results.jsonl

`pack` puts the program (stripped), a model that `earmark models import ... --as efficientat-mn04` made, ESC-10 and the
scripts into one file below 60 MiB, which a machine without a network can run. The recordings become Ogg Vorbis of 32 kHz,
as the file would be too large with the originals; so accuracies compare with those of the pack alone. With --reference
the CPU trains on them first, and its accuracy and time are packed.

`run` appends a JSON line per stage as soon as it is over, so that what ends early has lost nothing; a stage that fails or
has too little time left says so in its line. In order: what `earmark doctor` says; one training step, which measures the
kernels and keeps the fastest; training steps of MobileNetV1 (batch 64); ESC-10's fold 1 trained to its end; training steps
of AuxSkipAttention (base 64, batch 128); inference of both and of EfficientAT's mn04. Steps are compared with PyTorch: eager,
compiled, and compiled with bf16 autocast; earmark's are of float32, then with `train.precision = "bf16"`.

`--toy` makes everything small, to try the way on a CPU or a software device; its numbers mean nothing.

Run with Python 3.11 or later; `pack` with soundfile 0.14.0 and scipy 1.17.1; PyTorch 2.15.0 where it is installed.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MOST_MIB = 60
RATE = 32000
CLASSES = 80
MODES = ("eager", "compiled", "compiled bf16")
BF16 = "earmark bf16"
NOISY = "dcase2019-baseline/1-noisy"


# What a machine with a GPU gets.


def pack(options):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "gpu"
        folder.mkdir()
        program = folder / "earmark"
        shutil.copy(options.program, program)
        subprocess.run(["strip", program], check=True)
        shutil.copy(options.model, folder / "mn04.safetensors")
        for script in ("gpu.py", "peers.py", "auxskip.toml"):
            shutil.copy(HERE / script, folder / script)
        small_esc10(pathlib.Path(options.esc10), folder / "esc10")
        if options.reference:
            result = train_esc10(program, folder, "cpu", pathlib.Path(place) / "run", toy=False, limit=None)
            (folder / "reference.json").write_text(json.dumps(result) + "\n")
        out = pathlib.Path(options.out)
        with tarfile.open(out, "w:xz", preset=9) as archive:
            archive.add(folder, "gpu")
    mib = out.stat().st_size / 2**20
    print(f"{out}: {mib:.1f} MiB")
    if mib > MOST_MIB:
        sys.exit(f"{out}: larger than {MOST_MIB} MiB")


def small_esc10(source, target):
    """ESC-10 with its recordings as Ogg Vorbis of 32 kHz."""
    import soundfile
    from scipy.signal import resample_poly

    (target / "audio").mkdir(parents=True)
    for table in source.glob("*.csv"):
        shutil.copyfile(table, target / table.name)
    for path in sorted((source / "audio").iterdir()):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        samples = resample_poly(samples.mean(1), RATE, rate)
        soundfile.write(target / "audio" / path.name, samples, RATE, format="OGG", subtype="VORBIS")


# Stages.


class Watch:
    """The most memory of the GPU that was in use, asked of nvidia-smi while something runs; none without it."""

    def __enter__(self):
        self.most, self.over = None, threading.Event()
        self.thread = threading.Thread(target=self.look)
        if shutil.which("nvidia-smi"):
            self.thread.start()
        return self

    def look(self):
        command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        while not self.over.wait(0.2):
            done = subprocess.run(command, capture_output=True, text=True)
            used = [float(line) for line in done.stdout.split() if line.replace(".", "").isdigit()]
            self.most = max([self.most or 0.0, *used]) if used else self.most

    def __exit__(self, *_):
        self.over.set()
        if self.thread.ident:
            self.thread.join()


def ask(command, limit, **environment):
    """What a command prints; an error with its last words where it fails or takes too long."""
    variables = {**os.environ, **environment}
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=variables, timeout=limit)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done within {limit:.0f} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RuntimeError(f"ended with {done.returncode}: {said[-1] if said else 'no message'}")
    return done.stdout


def bench(run, recipe, part, batch, repeat, *settings):
    """Seconds and memory of a measurement of `earmark bench`."""
    arguments = ["bench", "--quiet", "--json", "--recipe", recipe, "--only", part, "--device", run.device]
    arguments += ["--batch", batch, "--repeat", repeat, "--class-count", CLASSES]
    arguments += [word for setting in settings for word in ("--set", setting)]
    with Watch() as watch:
        found = json.loads(ask([run.earmark, *arguments], run.at_most(150)))[part.replace("-", "_")]
    return {"seconds": found["seconds"], "batch": batch, "gpu_mib": watch.most}


def torch(run, case, batch, repeat):
    """The same of PyTorch, in each mode, each in a process of its own."""
    found = {}
    for mode in MODES:
        command = [sys.executable, HERE / "gpu.py", "torch", case, str(batch), str(repeat), mode]
        try:
            found[mode] = json.loads(ask(command, run.at_most(60)))
        except RuntimeError as error:
            found[mode] = {"failed": str(error)}
    return found


def compare(run, case, recipe, part, batch, repeat, *settings):
    """earmark and PyTorch at the same work, with ratios of times: below 1, earmark is faster."""
    ours = {"earmark": bench(run, recipe, part, batch, repeat, *settings)}
    run.note(ours)
    if part == "train-step":
        try:
            ours[BF16] = bench(run, recipe, part, batch, repeat, *settings, 'train.precision="bf16"')
        except RuntimeError as error:
            ours[BF16] = {"failed": str(error)}
        run.note(ours)
    theirs = torch(run, case, batch, repeat)
    times = {mode: t["seconds"] for mode, t in theirs.items() if "seconds" in t}
    ratios = {name: {mode: own["seconds"] / t for mode, t in times.items()} for name, own in ours.items() if "seconds" in own}
    return {**ours, "torch": theirs, "ratios": ratios}


def train_esc10(earmark, folder, device, out, toy, limit):
    """Trains on folds 2 to 5 of ESC-10 and evaluates on fold 1."""
    arguments = ["train", "fine-tune/esc10", "--quiet", "--data", folder / "esc10", "--run", out, "--fold", 1]
    arguments += ["--device", device, "--set", f"train.start.from={folder / 'mn04.safetensors'}"]
    if toy:
        arguments += ["--set", "train.phases=false", "--set", "train.steps=2", "--set", "batches.size=2"]
    # Features are computed each time, so that times of runs compare.
    cache = {"EARMARK_CACHE": str(out.parent / "cache")}
    begun = time.perf_counter()
    with Watch() as watch:
        ask([earmark, *arguments], limit, **cache)
    seconds = time.perf_counter() - begun
    evaluate = ["eval", out, "--quiet", "--data", folder / "esc10", "--device", device, "--json"]
    by_step = json.loads(ask([earmark, *evaluate], limit, **cache))["judged"]
    step, report = max(by_step.items(), key=lambda item: int(item[0]))
    scores = {name: value for name, value in report.items() if isinstance(value, float)}
    return {"seconds": seconds, "gpu_mib": watch.most, "step": int(step), "scores": scores}


class Run:
    def __init__(self, options):
        self.device, self.toy = options.device, options.toy
        self.earmark = pathlib.Path(options.program).resolve()
        self.out, self.end = pathlib.Path(options.out), time.monotonic() + options.seconds
        self.stage = None

    def left(self):
        left = self.end - time.monotonic()
        if left <= 1:
            raise RuntimeError("no time left")
        return left

    def at_most(self, seconds):
        """The time for one of several measurements, so that none takes it all."""
        return self.left() if self.toy else min(self.left(), seconds)

    def write(self, line):
        with self.out.open("a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def note(self, part):
        """What a stage has so far."""
        self.write({"stage": self.stage, "partial": True, **part})

    def do(self, stage, needs, work):
        """Does a stage that needs about `needs` seconds, and writes what it gave."""
        self.stage, begun = stage, time.monotonic()
        try:
            if self.end - begun < needs and not self.toy:
                raise RuntimeError(f"{self.end - begun:.0f} s left; it needs about {needs}")
            line = {"stage": stage, **work()}
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            line = {"stage": stage, "failed": f"{type(error).__name__}: {error}"}
        line["took"] = round(time.monotonic() - begun, 1)
        self.write(line)
        print(f"{stage}: {line.get('failed') or 'done'} ({line['took']} s)", flush=True)


def esc10(run):
    with tempfile.TemporaryDirectory() as place:
        found = train_esc10(run.earmark, HERE, run.device, pathlib.Path(place) / "run", run.toy, run.left())
    reference = HERE / "reference.json"
    cpu = json.loads(reference.read_text()) if reference.exists() else None
    return {"earmark": found, "cpu": cpu}


def run_all(options):
    run = Run(options)
    small = run.toy
    repeat, batch, wide = (2, 2, 2) if small else (50, 64, 128)
    base, inner = (4, 2) if small else (64, 20)
    auxskip = (HERE / "auxskip.toml", f"network.base={base}")
    run.write({"stage": "begin", "device": run.device, "toy": small, "version": ask([run.earmark, "--version"], 60).strip()})
    doctor = lambda: {"doctor": json.loads(ask([run.earmark, "doctor", "--json"], run.left()))}
    run.do("doctor", 10, doctor)
    run.do("tuning", 20, lambda: {"earmark": bench(run, NOISY, "train-step", batch, 1)})
    run.do("mobilenet training", 30, lambda: compare(run, "train:mobilenet", NOISY, "train-step", batch, repeat))
    run.do("ESC-10 fold 1", 60, lambda: esc10(run))
    train = f"train:auxskip{base}", auxskip[0], "train-step", wide, repeat, auxskip[1]
    run.do("auxskip training", 30, lambda: compare(run, *train))
    run.do("mobilenet inference", 10, lambda: compare(run, "infer:mobilenet", NOISY, "inference", batch, repeat))
    infer = f"infer:auxskip{base}", auxskip[0], "inference", wide, inner, auxskip[1]
    run.do("auxskip inference", 10, lambda: compare(run, *infer))
    mn04 = lambda: {"earmark": bench(run, "fine-tune/esc10", "inference", batch, inner)}
    run.do("mn04 inference", 10, mn04)


# PyTorch.


def torch_case(case, batch, repeat, mode):
    """The median time of a step after three that do not count, and the most memory it held, as JSON."""
    import torch
    from torch.nn import functional as F

    import peers

    torch.manual_seed(1)
    kind, name = case.split(":")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, shape = peers.network(name)
    model = model.to(device).train(kind == "train")
    step = torch.compile(model) if mode.startswith("compiled") else model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    x = torch.randn(batch, *shape, device=device)
    y = F.one_hot(torch.arange(batch, device=device) % CLASSES, CLASSES).float()
    half = torch.autocast(device, torch.bfloat16, enabled=mode.endswith("bf16"))

    def train():
        optimizer.zero_grad()
        with half:
            outputs = step(x)
            outputs = outputs if isinstance(outputs, list) else [outputs]
        weighted = zip(outputs, (1, 0.4, 0.2, 0.1))
        sum(w * F.binary_cross_entropy_with_logits(o.float(), y) for o, w in weighted).backward()
        optimizer.step()

    def infer():
        with torch.inference_mode(), half:
            step(x)

    once = train if kind == "train" else infer
    seconds = []
    for k in range(repeat + 3):
        begun = time.perf_counter()
        once()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds += [time.perf_counter() - begun] if k >= 3 else []
    mib = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None
    print(json.dumps({"seconds": statistics.median(seconds), "batch": batch, "gpu_mib": mib, "on": device}))


# RESULTS' table.


def table(path):
    """Rows of complete stages; what failed is named below."""
    lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    if any(line.get("toy") for line in lines):
        print("toy sizes: these numbers mean nothing\n")
    done = {line["stage"]: line for line in lines if not line.get("partial")}
    print("| work | earmark | " + " | ".join(f"PyTorch {mode}" for mode in MODES) + " | GPU memory |")
    print("|---" * (3 + len(MODES)) + "|")
    milliseconds = lambda found: f"{1e3 * found['seconds']:.2f} ms"
    for stage, line in done.items():
        for name in ("earmark", BF16):
            ours = line.get(name)
            if not ours or "seconds" not in ours or "scores" in ours or stage == "tuning":
                continue
            precision = ", bf16" if name == BF16 else ""
            cells = [f"{stage}{precision}, batch {ours['batch']}", milliseconds(ours)]
            for mode in MODES:
                theirs = line.get("torch", {}).get(mode, {})
                ratio = line.get("ratios", {}).get(name, {}).get(mode)
                cells.append(f"{milliseconds(theirs)} ({ratio:.2f})" if ratio else "–")
            cells.append(f"{ours['gpu_mib']:.0f} MiB" if ours["gpu_mib"] else "–")
            print("| " + " | ".join(cells) + " |")
    fold = done.get("ESC-10 fold 1", {})
    for name in ("earmark", "cpu"):
        if fold.get(name):
            scores = ", ".join(f"{score} {value:.4f}" for score, value in fold[name]["scores"].items())
            print(f"\nESC-10 fold 1, {name}: {fold[name]['seconds']:.0f} s; step {fold[name]['step']}: {scores}")
    for stage, line in done.items():
        if "failed" in line:
            print(f"\n{stage}: {line['failed']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    for name in ("program", "model", "esc10"):
        packing.add_argument(f"--{name}", required=True)
    packing.add_argument("--reference", action="store_true")
    packing.add_argument("-o", "--out", required=True)
    running = commands.add_parser("run")
    running.add_argument("--device", required=True)
    running.add_argument("--program", default=HERE / "earmark")
    running.add_argument("--out", default="results.jsonl")
    running.add_argument("--seconds", type=float, default=470)
    running.add_argument("--toy", action="store_true")
    torched = commands.add_parser("torch")
    torched.add_argument("case")
    torched.add_argument("batch", type=int)
    torched.add_argument("repeat", type=int)
    torched.add_argument("mode", choices=MODES)
    commands.add_parser("table").add_argument("results")
    options = parser.parse_args()
    match options.command:
        case "pack":
            pack(options)
        case "run":
            run_all(options)
        case "torch":
            torch_case(options.case, options.batch, options.repeat, options.mode)
        case "table":
            table(options.results)


if __name__ == "__main__":
    main()
