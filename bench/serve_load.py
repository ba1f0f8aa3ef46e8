"""`earmark serve` under load, next to a service of FastAPI and PyTorch or onnxruntime that does the same work.

    python bench/serve_load.py load DATA --program earmark --model MODEL [--clients 64] [--seconds 120]
        [--odd FOLDER] [--abuse] [-o OUT.json]
    python bench/serve_load.py peer DATA --onnx MODEL.onnx [--torch CHECKPOINT] [--clients 64] [--seconds 120]

`load` starts the server on a free port, asks it for the tags of DATA's recordings with CLIENTS threads for SECONDS,
and compares every answer with what `earmark tag --format json` writes, byte for byte. With --odd, every tenth request
sends a file of FOLDER; with --abuse, others meanwhile open sockets and leave them, send heads and bodies byte by byte,
stop in the middle, and send bodies that are too long or never end. It then ends the server by SIGTERM with requests in
progress. `peer` does the same with a service of FastAPI, uvicorn and onnxruntime on the graph that `earmark export`
writes, or, with --torch, PyTorch on EfficientAT's checkpoint of mn04, from which the model was imported: libsndfile
decodes, soxr resamples, windows are cut as earmark does and scored in batches of 16 by one thread per worker. Both
print a JSON object: requests per second, latency (median, 99th percentile) in milliseconds, the server's processor time
per request, which says more than these where the machine does other work as well, and its memory in MiB after a tenth of
the time and at the end.

Run with fastapi, uvicorn, onnxruntime or torch, numpy, soundfile, soxr; `load` alone needs none of them.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

AUDIO = (".ogg", ".wav", ".flac", ".mp3")
BATCH = 16
OCTETS = {"Content-Type": "application/octet-stream"}


def recordings(folder):
    found = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in AUDIO)
    if not found:
        sys.exit(f"{folder}: has no recordings")
    return found


def memory_mib(pid):
    """Resident memory of a process and its children; None where /proc is missing."""
    total = 0
    for process in [pid, *children(pid)]:
        try:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
        except OSError:
            return None
        total += int(status.split("VmRSS:")[1].split()[0])
    return round(total / 1024, 1)


def processor_seconds(pid):
    """Processor time of a process and its children so far; None where /proc is missing."""
    ticks = 0
    for process in [pid, *children(pid)]:
        try:
            stat = pathlib.Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return None
        # The name, which may hold blanks, is in brackets; user and system time are fields 14 and 15.
        ticks += sum(int(field) for field in stat.rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid):
    try:
        lists = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    except OSError:
        return []


class Load:
    """Clients that ask one request after the other, until the time is over."""

    def __init__(self, address, path, files, expected, odd):
        self.address, self.path, self.files, self.expected, self.odd = address, path, files, expected, odd
        self.lock = threading.Lock()
        self.latencies, self.statuses, self.wrong = [], collections.Counter(), []
        self.over = False

    def client(self, seed):
        draw = random.Random(seed)
        while not self.over:
            is_odd = self.odd and draw.random() < 0.1
            file = draw.choice(self.odd if is_odd else self.files)
            path = f"{self.path}?name={urllib.parse.quote(str(file))}"
            start = time.perf_counter()
            try:
                connection = http.client.HTTPConnection(*self.address, timeout=120)
                connection.request("POST", path, file.read_bytes(), OCTETS)
                answer = connection.getresponse()
                status, body = answer.status, answer.read()
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                status, body = type(error).__name__, b""
            elapsed = 1e3 * (time.perf_counter() - start)
            with self.lock:
                self.statuses[f"odd {status}" if is_odd else str(status)] += 1
                if status == 429:
                    continue
                if is_odd:
                    continue
                if status == 200:
                    self.latencies.append(elapsed)
                if self.expected and body != self.expected[file]:
                    self.wrong.append(f"{file}: {status} {body[:200]!r}")

    def run(self, clients, seconds, pid):
        threads = [threading.Thread(target=self.client, args=(k,), daemon=True) for k in range(clients)]
        start, processor = time.perf_counter(), processor_seconds(pid)
        for thread in threads:
            thread.start()
        time.sleep(seconds / 10)
        early = memory_mib(pid)
        time.sleep(seconds - seconds / 10)
        self.over = True
        elapsed, late = time.perf_counter() - start, memory_mib(pid)
        if processor is not None:
            processor = (processor_seconds(pid) or 0) - processor
        with self.lock:
            done = sorted(self.latencies)
        rate = len(done) / elapsed
        return {
            "clients": clients,
            "seconds": round(elapsed, 1),
            "requests_per_second": round(rate, 2),
            "processor_ms_per_request": round(1e3 * processor / len(done), 2) if processor and done else None,
            "latency_ms": {
                "p50": round(statistics.median(done), 1) if done else None,
                "p99": round(done[min(len(done) - 1, int(0.99 * len(done)))], 1) if done else None,
            },
            "statuses": dict(self.statuses),
            "wrong_answers": len(self.wrong),
            "examples_of_wrong": self.wrong[:3],
            "memory_mib": {"after_a_tenth": early, "at_the_end": late},
        }


def abuse(address, load):
    """Clients that do what they should not, one kind after the other, until the load is over."""
    host = f"{address[0]}:{address[1]}"
    post = f"POST /v1/tag HTTP/1.1\r\nHost: {host}\r\n"

    def slowly(text):
        for byte in text.encode():
            if load.over:
                return
            connection.sendall(bytes([byte]))
            time.sleep(0.5)

    while not load.over:
        left = []
        for kind in range(5):
            try:
                left += [socket.create_connection(address, timeout=5) for _ in range(50)]
                connection = socket.create_connection(address, timeout=5)
                if kind == 0:
                    slowly(post[:12])
                elif kind == 1:
                    connection.sendall((post + "Content-Length: 1000\r\n\r\n").encode())
                    slowly("RIFFxxxxWAVE")
                elif kind == 2:
                    connection.sendall((post + "Content-Length: 1000000\r\n\r\nhalf").encode())
                elif kind == 3:
                    connection.sendall((post + "Content-Length: 99999999999\r\n\r\n").encode())
                else:
                    connection.sendall((post + "Transfer-Encoding: chunked\r\n\r\n").encode())
                    for _ in range(20_000):
                        connection.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")
                connection.close()
            except OSError:
                pass  # refused, as it should be
        for connection in left:
            connection.close()


def load(args):
    files = recordings(args.data)
    expected = {}
    for file in files:
        command = [args.program, "tag", str(file), "--model", args.model, "--format", "json"]
        expected[file] = subprocess.run(command, check=True, capture_output=True).stdout
    odd = [p for p in pathlib.Path(args.odd).rglob("*") if p.is_file()] if args.odd else []
    command = [args.program, "serve", "--model", args.model, "--bind", "127.0.0.1:0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    host, port = json.loads(server.stdout.readline())["address"].rsplit(":", 1)
    address = (host, int(port))
    work = Load(address, "/v1/tag", files, expected, odd)
    if args.abuse:
        for _ in range(4):
            threading.Thread(target=abuse, args=(address, work), daemon=True).start()
    found = work.run(args.clients, args.seconds, server.pid)
    start = time.perf_counter()
    server.send_signal(signal.SIGTERM)
    found["exit_code"] = server.wait(timeout=120)
    found["shutdown_seconds"] = round(time.perf_counter() - start, 2)
    return found


def peer(args):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    command = [sys.executable, "-m", "uvicorn", "serve_load:peer_service", "--factory", "--host", address[0]]
    command += ["--port", str(address[1]), "--workers", str(os.cpu_count() or 1), "--log-level", "error"]
    here = pathlib.Path(__file__).resolve().parent
    places = {"PEER_ONNX": args.onnx, "PEER_TORCH": args.torch}
    places = {name: str(pathlib.Path(place).resolve()) for name, place in places.items() if place}
    server = subprocess.Popen(command, cwd=here, env={**os.environ, **places}, start_new_session=True)
    try:
        files = recordings(args.data)
        until_it_answers(address, files[0])
        work = Load(address, "/tag", files, {}, [])
        return work.run(args.clients, args.seconds, server.pid)
    finally:
        # With its workers, and without waiting for what they have in work.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def until_it_answers(address, file):
    """Waits for the first answer: uvicorn listens before its workers have read the network."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection(*address, timeout=600)
            connection.request("POST", "/tag", file.read_bytes(), OCTETS)
            answer = connection.getresponse()
            if answer.status == 200:
                return
            sys.exit(f"the service answers with {answer.status}: {answer.read()[:500]!r}")
        except OSError:
            time.sleep(0.1)
    sys.exit("the service does not start")


def scores_of_windows(onnx, window):
    """What turns windows of one length, [windows, samples], into scores."""
    if checkpoint := os.environ.get("PEER_TORCH"):
        import tag_torch
        import torch

        tag_torch.begin(checkpoint, window, window)
        return lambda windows: tag_torch.probabilities(torch.from_numpy(windows)).numpy()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    return lambda windows: session.run(["scores"], {"waveform": windows})[0]


def peer_service():
    """The service that earmark is compared with, as its users would write it."""
    import io

    import fastapi
    import numpy as np
    import soundfile
    import soxr

    onnx = pathlib.Path(os.environ["PEER_ONNX"])
    labels = json.loads(onnx.with_name("labels.json").read_text())
    classes, rate, thresholds = labels["classes"], labels["sample_rate_hz"], np.array(labels["thresholds"])
    window, hop = (round(labels[key] * rate) for key in ("window_seconds", "hop_seconds"))
    run = scores_of_windows(onnx, labels["window_seconds"])
    service = fastapi.FastAPI()

    def scored(body):
        samples, from_hz = soundfile.read(io.BytesIO(body), dtype="float32", always_2d=True)
        samples = soxr.resample(samples.mean(axis=1), from_hz, rate).astype(np.float32)
        starts = range(0, max(len(samples) - window, 0) + hop, hop)
        windows = [cut for start in starts if len(cut := samples[start : start + window])]
        # As in earmark, the last one may be shorter, and is then scored as it is.
        last = [windows.pop()[None]] if windows and len(windows[-1]) < window else []
        batches = [np.stack(windows[k : k + BATCH]) for k in range(0, len(windows), BATCH)]
        return np.concatenate([run(batch) for batch in batches + last])

    # Not async: FastAPI then computes on a thread of its pool.
    @service.post("/tag")
    def tag(body: bytes = fastapi.Body(media_type="application/octet-stream")):
        scores = scored(body)
        events = [
            {"class": classes[c], "window": int(w), "score": float(scores[w, c])}
            for w, c in np.argwhere(scores >= thresholds)
        ]
        best = np.argsort(-scores.max(axis=0))[:5]
        return {"top": [{"class": classes[c], "score": float(scores[:, c].max())} for c in best], "events": events}

    return service


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for run in (load, peer):
        command = commands.add_parser(run.__name__)
        command.set_defaults(run=run)
        command.add_argument("data")
        command.add_argument("--clients", type=int, default=64)
        command.add_argument("--seconds", type=float, default=120.0)
        command.add_argument("-o", "--out")
        if run is load:
            command.add_argument("--program", default="earmark")
            command.add_argument("--model", required=True)
            command.add_argument("--odd")
            command.add_argument("--abuse", action="store_true")
        else:
            command.add_argument("--onnx", required=True)
            command.add_argument("--torch")
    args = parser.parse_args()
    found = json.dumps(args.run(args), indent=1)
    print(found)
    if args.out:
        pathlib.Path(args.out).write_text(found + "\n")


if __name__ == "__main__":
    main()
