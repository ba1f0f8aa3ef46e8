"""Measures earmark against PyTorch, ONNX Runtime, OpenVINO and librosa, in turns, and prints the table of
docs/results/speed.md.

    python bench/compare.py --earmark target/release/earmark [--rounds 9] [--repeat 3] [--only NAME,...]
        [--model MODEL.safetensors] [--simd avx2,avx512] [--busy] [--json FILE] [--write docs/results/speed.md]

First, each program of each case tries its settings (threads, memory layout, spinning, OpenVINO's hints) and keeps the
quickest. Then each round runs every case's programs one after the other, each in a process of its own, with its
settings. A ratio is earmark's time over the other's in the same round, so below 1 earmark is faster; the table has the
median of the rounds' ratios and their range. Before each round the machine must be left alone by others; --busy measures
all the same and says so above the table.

With --model (a model that `earmark models import ... --as efficientat-mn04` made) 10 s of sound are scored from samples
on: by `earmark tag`, of which reading WAV is part but not starting, and by the exported graph in the others. With
--simd, cases of networks are measured with each instruction set. --write puts the table into a file, between the lines
`<!-- bench/compare.py -->` and `<!-- end -->`. peers.py has the versions; compare_cases.py, what is compared.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import machine
from compare_cases import CASES, Archive, variants

HERE = pathlib.Path(__file__).parent
BEGIN, END = "<!-- bench/compare.py -->", "<!-- end -->"
PATIENCE = 120


def run(command, environment=None):
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=variables)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


class Bench:
    """Runs the programs of cases."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.archive = None
        if options.model:
            self.archive = Archive(options.model, folder)

    def export(self, names):
        for name in sorted(names):
            if name == "mn04":
                path = pathlib.Path(self.folder) / "mn04.onnx"
                run([self.options.earmark, "export", "--onnx", "-q", "-o", path, self.options.model])
            else:
                run([sys.executable, HERE / "peers.py", f"export:{name}", "threads=2", "1", self.folder])

    def measure(self, case, program, settings, repeat):
        """Seconds and memory of one run of a program."""
        if program.kind == "peer":
            text = ",".join(f"{name}={value}" for name, value in settings.items())
            return json.loads(run([sys.executable, HERE / "peers.py", program.case, text, str(repeat), self.folder]))
        environment = {"EARMARK_SIMD": settings["simd"]} if "simd" in settings else None
        if case.archive:
            return self.archive.measure(self.options.earmark, settings["threads"], lambda c: run(c, environment))
        arguments = [*case.earmark, "--threads", str(settings["threads"]), "--repeat", str(repeat), "--json"]
        report = json.loads(run([self.options.earmark, "--quiet", *arguments], environment))
        asked, computed = (report.get("precision", {}).get(key) for key in ("asked", "computed"))
        if asked != computed:
            sys.exit(f"{case.name}: this machine has no {asked}")
        found = report[case.key]
        if case.key == "front_end":
            return {"seconds": 5.0 / found["x_real_time_without_decoding_one_core"], "peak_mib": None}
        return {"seconds": found["seconds"], "peak_mib": found["peak_mib"]}

    def quickest(self, case, program):
        """The settings with which a program is quickest, by a run or two of each."""
        tried = variants(case, program, machine.cores())
        if len(tried) == 1:
            return tried[0]
        best = min(tried, key=lambda settings: self.measure(case, program, settings, 2)["seconds"])
        print(".", end="", file=sys.stderr, flush=True)
        return best


def quiet_or_refuse(busy):
    """Refuses a machine that others use; 0, or the share that they use all the same; `None` where that is not known."""
    share = machine.wait_until_quiet(0 if busy else PATIENCE)
    if share is None:
        return None
    if share <= machine.QUIET:
        return 0.0
    if not busy:
        sys.exit(
            f"others use {share:.0%} of this machine's processors; end them, or measure all the same with --busy "
            "(the table says so)"
        )
    return share


def compare(bench, cases, options):
    """For each case, its programs with their settings and what each round measured."""
    results = []
    for case in cases:
        for name, program in case.programs(options.simd):
            settings = bench.quickest(case, program)
            results.append({"case": case, "name": name, "program": program, "settings": settings, "runs": []})
    shares = []
    for _ in range(options.rounds):
        shares.append(quiet_or_refuse(options.busy))
        for result in results:
            measured = bench.measure(result["case"], result["program"], result["settings"], options.repeat)
            result["runs"].append(measured)
        print("+", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results, None if None in shares else max(shares)


def shown_time(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def shown_settings(settings):
    words = [f"threads: {settings['threads']}"]
    words += [value.lower() for name, value in settings.items() if name in ("layout", "hint")]
    words += ["no spinning"] if settings.get("spin") == "0" else []
    return ", ".join(words)


def shown_memory(runs):
    peaks = [run["peak_mib"] for run in runs]
    return f"{statistics.median(peaks):.0f}" if all(peaks) else "–"


def table(results):
    """Two tables of Markdown, a row for each case and other program: times, then limits and settings. Rows are at most a hundred wide."""
    times = ["| work | earmark | other | its time | ratio (rounds) |", "|---|---|---|---|---|"]
    rest = ["| work | other | settings | its settings | must, goal | MiB |", "|---|---|---|---|---|---|"]
    for case in dict.fromkeys(result["case"] for result in results):
        own = [r for r in results if r["case"] is case and r["program"].kind == "earmark"]
        others = [r for r in results if r["case"] is case and r["program"].kind == "peer"]
        for ours in own:
            title = f"{case.title}{', ' + ours['settings']['simd'] if 'simd' in ours['settings'] else ''}"
            for other in others:
                mine = [r["seconds"] for r in ours["runs"]]
                its = [r["seconds"] for r in other["runs"]]
                ratios = sorted(a / b for a, b in zip(mine, its))
                memory = [shown_memory(result["runs"]) for result in (ours, other)]
                # Limits are against the same precision.
                limited = case.must and ("precision" in dict(other["program"].fixed)) == ("--precision" in case.earmark)
                cells = [
                    title,
                    shown_time(statistics.median(mine)),
                    other["name"],
                    shown_time(statistics.median(its)),
                    f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})",
                ]
                times.append("| " + " | ".join(cells) + " |")
                cells = [
                    case.name,
                    other["name"],
                    shown_settings(ours["settings"]),
                    shown_settings(other["settings"]),
                    f"{case.must}, {case.goal}" if limited else "",
                    " / ".join(memory) if memory != ["–", "–"] else "",
                ]
                rest.append("| " + " | ".join(cells) + " |")
    return [*times, "", *rest]


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def heading(options, share):
    """What was measured, and on what."""
    packages = {"PyTorch": "torch", "ONNX Runtime": "onnxruntime", "OpenVINO": "openvino", "librosa": "librosa"}
    versions = [f"{name} {found}" for name, package in packages.items() if (found := version(package))]
    own = run([options.earmark, "--version"]).strip()
    text = (
        f"{own} against {', '.join(versions)}; {machine.processor()}; {machine.cores()} cores; "
        f"{options.rounds} rounds in turns, {time.strftime('%Y-%m-%d')}."
    )
    if share is None:
        text += " Whether others used the machine is not known."
    elif share:
        text += f" **Busy machine: others used up to {share:.0%} of the processors.**"
    return wrapped(text)


def wrapped(text, width=100):
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def write(path, text):
    """Puts a text between the two lines of a document."""
    document = path.read_text()
    if BEGIN not in document or END not in document.split(BEGIN, 1)[1]:
        sys.exit(f"{path}: lacks the lines {BEGIN} and {END}; add them where the table belongs")
    before, rest = document.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", type=lambda names: [name for name in names.split(",") if name])
    parser.add_argument("--simd", default="", type=lambda names: [name for name in names.split(",") if name])
    parser.add_argument("--model")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    unknown = set(options.only) - {case.name for case in CASES}
    if unknown:
        sys.exit(f"--only {','.join(sorted(unknown))}: choose from {', '.join(case.name for case in CASES)}")
    wanted = [case for case in CASES if not options.only or case.name in options.only]
    cases = [case for case in wanted if options.model or not case.archive]
    for case in wanted:
        if case not in cases:
            print(f"{case.name}: left out; it needs --model", file=sys.stderr)
    quiet_or_refuse(options.busy)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        bench.export({case.graph for case in cases if case.graph})
        results, share = compare(bench, cases, options)
    if options.json:
        rows = [{**r, "case": r["case"].name, "program": r["program"].kind} for r in results]
        options.json.write_text(json.dumps({"machine": machine.processor(), "results": rows}, indent=1) + "\n")
    text = heading(options, share) + "\n\n" + "\n".join(table(results))
    print(text)
    if options.write:
        write(options.write, text)


if __name__ == "__main__":
    main()
