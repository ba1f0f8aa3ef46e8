"""What compare.py compares: cases, the programs of each, and the settings that a program tries."""

import dataclasses
import pathlib
import time
import wave

import numpy as np

HERE = pathlib.Path(__file__).parent
NOISY = "dcase2019-baseline/1-noisy"
AUXSKIP = str(HERE / "auxskip.toml")
LAYOUTS = ("contiguous_format", "channels_last")
RATE, SECONDS = 32000, 10


@dataclasses.dataclass(frozen=True)
class Program:
    """`kind` is "earmark" or "peer"; `case` is that of peers.py."""

    kind: str
    case: str = ""
    fixed: tuple = ()


@dataclasses.dataclass(frozen=True)
class Case:
    """`earmark` are arguments, `key` is where in their JSON the result is; how much slower earmark may be (must, goal)."""

    name: str
    title: str
    earmark: tuple
    key: str
    peers: tuple
    must: float = None
    goal: float = None
    graph: str = None
    archive: bool = False
    threads: int = None

    def programs(self, simd):
        """Names and programs; earmark once per instruction set, if any are named and it has a choice."""
        sets = [(("simd", name),) for name in simd] if simd and self.key != "front_end" else [()]
        return [("earmark", Program("earmark", fixed=fixed)) for fixed in sets] + list(self.peers)


def variants(case, program, cores):
    """The settings that a program tries."""
    fixed = dict(program.fixed)
    if case.threads:
        return [{"threads": case.threads, **fixed}]
    # Training needs all cores; what is short may be quicker with one.
    counts = [cores] if "train" in case.name else sorted({1, max(1, cores // 2), cores})
    tried = [{"threads": n, **fixed} for n in counts]
    kind = program.case.split(":")[0]
    if kind in ("train", "infer"):
        return [{**t, "layout": layout} for t in tried for layout in LAYOUTS]
    if kind == "onnxruntime":
        return [{**t, "spin": spin} for t in tried for spin in ("1", "0") if t["threads"] > 1 or spin == "1"]
    if kind == "openvino":
        hints = ("LATENCY", "THROUGHPUT") if case.name.endswith("-64") or case.archive else ("LATENCY",)
        return [{**t, "hint": hint} for t in tried for hint in hints]
    return tried


def bench(recipe, part, batch=None, sets=()):
    arguments = ["bench", "--recipe", recipe, "--only", part]
    arguments += ["--batch", str(batch)] if batch else []
    for key in sets:
        arguments += ["--set", key]
    return {"earmark": tuple(arguments), "key": part.replace("-", "_")}


def graph_peers(graph, batch, samples=None):
    """ONNX Runtime and OpenVINO on a graph; OpenVINO in bf16 too, to see what that would gain."""
    case = ":".join(map(str, [graph, batch] + ([samples] if samples else [])))
    return (
        ("ONNX Runtime", Program("peer", f"onnxruntime:{case}")),
        ("OpenVINO", Program("peer", f"openvino:{case}")),
        ("OpenVINO bf16", Program("peer", f"openvino:{case}", (("precision", "bf16"),))),
    )


def torch(case):
    return (("PyTorch", Program("peer", case)),)


def cases():
    mean = ['network.global-pool="mean"']
    yield Case(
        "mobilenet-train", "MobileNetV1 training step, batch 64",
        **bench(NOISY, "train-step", 64, mean), peers=torch("train:mobilenet:64"), must=0.51, goal=0.3,
    )
    for base, batch, train in ((16, 16, (0.7, 0.55)), (64, 8, (0.6, 0.5))):
        sets = [f"network.base={base}"]
        title = f"AuxSkipAttention, base {base}, batch {batch}"
        yield Case(
            f"auxskip{base}-train", f"{title}: training",
            **bench(AUXSKIP, "train-step", batch, sets), peers=torch(f"train:auxskip{base}:{batch}"), must=train[0], goal=train[1],
        )
        yield Case(
            f"auxskip{base}-infer", f"{title}: inference",
            **bench(AUXSKIP, "inference", batch, sets), peers=torch(f"infer:auxskip{base}:{batch}"), must=1.0, goal=0.7,
        )
    for batch, part, must, goal in ((64, "inference", 1.0, 0.85), (1, "inference-one", 1.15, 0.95)):
        yield Case(
            f"mobilenet-infer-{batch}", f"MobileNetV1 inference, batch {batch}",
            **bench(NOISY, part, batch, mean), graph="mobilenet",
            peers=graph_peers("mobilenet", batch) + torch(f"infer:mobilenet:{batch}"), must=must, goal=goal,
        )
    for batch, part, must, goal in ((64, "inference", 1.3, 1.0), (1, "inference-one", 1.5, 1.0)):
        own = bench(NOISY, part, batch, mean)
        yield Case(
            f"mobilenet-bf16-{batch}", f"MobileNetV1 inference in bf16, batch {batch}",
            **{**own, "earmark": (*own["earmark"], "--precision", "bf16")}, graph="mobilenet",
            peers=graph_peers("mobilenet", batch)[-1:], must=must, goal=goal,
        )
    yield Case(
        "mn04-10s", "mn04, 10 s from samples to scores", (), "", graph_peers("mn04", 1, RATE * SECONDS),
        must=1.2, goal=0.9, graph="mn04", archive=True,
    )
    yield Case(
        "dcase-log-mel", "baseline's log-mel of 5 s, one core", **bench(NOISY, "front-end"), threads=1,
        peers=(("torch.stft", Program("peer", "log-mel:dcase:torch")),), must=0.5, goal=0.33,
    )
    # Log-mels alone: librosa and torch.stft compute no deltas here either.
    plain = ["front-end.postprocess=false"]
    yield Case(
        "argus-log-mel", "argus-2019's log-mel of 5 s, one core", **bench(AUXSKIP, "front-end", sets=plain), threads=1,
        peers=(
            ("torch.stft", Program("peer", "log-mel:argus:torch")),
            ("librosa", Program("peer", "log-mel:argus:librosa")),
        ),
        must=0.5, goal=0.33,
    )


CASES = tuple(cases())


class Archive:
    """Recordings of 10 s that `earmark tag` scores: the time of many of them less that of few is that of the rest."""

    FEW, MANY = 20, 80

    def __init__(self, model, folder):
        self.model, self.folder = model, pathlib.Path(folder)
        noise = np.random.default_rng(1)
        for name, count in (("few", self.FEW), ("many", self.MANY)):
            (self.folder / name).mkdir()
            for k in range(count):
                samples = (noise.standard_normal(RATE * SECONDS) * 3000).astype("<i2")
                with wave.open(str(self.folder / name / f"{k:03}.wav"), "wb") as file:
                    file.setparams((1, 2, RATE, 0, "NONE", ""))
                    file.writeframes(samples.tobytes())

    def measure(self, program, threads, run):
        """The seconds of one recording."""
        taken = {}
        for name in ("few", "many"):
            out = self.folder / f"{name}.csv"
            command = [program, "tag", self.folder / name, "--model", self.model, "--window", str(SECONDS)]
            command += ["--threads", str(threads), "--quiet", "--fresh", "-o", out]
            start = time.perf_counter()
            run(command)
            taken[name] = time.perf_counter() - start
            out.unlink()
        return {"seconds": (taken["many"] - taken["few"]) / (self.MANY - self.FEW), "peak_mib": None}
