"""`earmark` on recordings in an object store: moto's server on the loopback address, behind a proxy that fails.

    python bench/s3.py --program earmark --model MODEL [--files 60] [--bytes 2000000000] [-o OUT.json]

An archive of short recordings, one of them broken, is uploaded and tagged from there into there, while requests fail: status
500, a throttling 503 that says how long to wait, half of an answer, a connection that ends. The result must have the rows of
the same archive on a disk, each recording once, and the broken one named (exit code 2). Then the same with one recording
whose credential has expired, which is named, and done by the same command later; with a bucket that is not there; and with
a run that is killed, which leaves no result, and is resumed. At last a recording of --bytes is tagged, and one of a twentieth
of it: the peak of the program's memory must differ by less than 32 MiB. These two the proxy serves itself, part by part, as
moto reads all of an object for each of its parts. Prints a JSON object.

Run with moto[server] and boto3 (pip install 'moto[server]' boto3); memory is read from /proc, so on Linux.
"""

import argparse
import collections
import csv
import http.client
import http.server
import io
import json
import logging
import math
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "lab"
RATE = 32_000
FLAT_MIB = 32


class Faults:
    """What goes wrong with the next requests, by a part of their target."""

    def __init__(self):
        self.lock = threading.Lock()
        self.planned = []
        self.done = collections.Counter()

    def plan(self, part, kind, times):
        with self.lock:
            self.planned.append([part, kind, times])

    def clear(self):
        with self.lock:
            self.planned = []

    def take(self, target):
        with self.lock:
            for plan in self.planned:
                if plan[2] > 0 and plan[0] in target:
                    plan[2] -= 1
                    self.done[plan[1]] += 1
                    return plan[1]
        return None


class Proxy(http.server.BaseHTTPRequestHandler):
    """Passes requests on to moto, or fails as planned."""

    protocol_version = "HTTP/1.1"
    faults = Faults()
    moto_port = 0
    long = {}

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.faults.take(f"{self.command} {self.path}")
        if kind == "dropped":
            self.close_connection = True
            return
        if kind == "500":
            return self.answer(500, [], b"")
        if kind == "throttled":
            return self.answer(503, [("Retry-After", "1")], b"<Error><Code>SlowDown</Code></Error>")
        if kind == "expired":
            return self.answer(400, [], b"<Error><Code>ExpiredToken</Code></Error>")
        if self.path in self.long:
            return self.answer_long(self.long[self.path])
        peer = http.client.HTTPConnection("127.0.0.1", self.moto_port, timeout=120)
        peer.request(self.command, self.path, body, dict(self.headers))
        answer = peer.getresponse()
        content = answer.read()
        hop = {"connection", "transfer-encoding", "date", "server"}
        if self.command != "HEAD":
            hop.add("content-length")
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in hop]
        peer.close()
        self.answer(answer.status, headers, content, short=kind == "short")

    def answer_long(self, recording):
        stated = [("ETag", '"long"'), ("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")]
        if self.command == "HEAD":
            return self.answer(200, [*stated, ("Content-Length", str(recording.size))], b"")
        start, end = self.headers["Range"].removeprefix("bytes=").split("-")
        start, end = int(start), min(int(end) + 1, recording.size)
        stated.append(("Content-Range", f"bytes {start}-{end - 1}/{recording.size}"))
        self.answer(206, stated, recording.part(start, end))

    def answer(self, status, headers, content, short=False):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        elif "content-length" not in {name.lower() for name, _ in headers}:
            self.send_header("Content-Length", "0")
        self.end_headers()
        if short:
            self.close_connection = True
            content = content[: len(content) // 2]
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any


def wav_header(data_bytes):
    fields = (b"RIFF", data_bytes + 36, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", data_bytes)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *fields)


def tone(hz, seconds):
    samples = (int(12_000 * math.sin(2 * math.pi * hz * i / RATE)) for i in range(int(seconds * RATE)))
    return b"".join(struct.pack("<h", sample) for sample in samples)


class LongRecording:
    """A recording of many hours that is nowhere whole: ten seconds of tones, again and again."""

    def __init__(self, size):
        self.size = size - size % 2
        self.head = wav_header(self.size - 44)
        self.piece = b"".join(tone(200 * (k + 1), 1) for k in range(10))

    def part(self, start, end):
        """The bytes from `start` up to `end`."""
        out = self.head[start:end]
        at = max(start - len(self.head), 0) % len(self.piece)
        wanted = end - start - len(out)
        return out + (self.piece * (wanted // len(self.piece) + 2))[at : at + wanted]


class Lab:
    def __init__(self, args, folder, s3, port):
        self.args, self.folder, self.s3 = args, folder, s3
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EARMARK_"))}
        self.environment = keep | {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        }

    def command(self, *words):
        return [self.args.program, *words, "--model", self.args.model, "--threshold", "0.05"]

    def run(self, *words):
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=3600
        )
        return done.returncode, done.stdout, done.stderr

    def peak_mib(self, *words):
        """The peak of a run's memory."""
        process = subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        peak = 0
        threading.Thread(target=process.stderr.read, daemon=True).start()
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
            except (OSError, IndexError):
                pass
            time.sleep(0.1)
        check(process.returncode == 0, f"a long recording ended with {process.returncode}")
        return round(peak / 1024, 1)

    def has(self, key):
        return any(entry["Key"] == key for entry in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    def rows(self, key):
        """The rows of a result, with names as on the disk."""
        text = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        return rows(text.replace(f"s3://{BUCKET}/", ""))


def rows(text):
    return sorted(tuple(row) for row in csv.reader(io.StringIO(text)))


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def make_archive(lab):
    folder = lab.folder / "in"
    for k in range(lab.args.files):
        path = folder / f"{k % 7}" / f"r {k:03}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = tone(150 + 37 * k, 3)
        path.write_bytes(wav_header(len(data)) + data)
    (folder / "broken.wav").write_bytes(b"RIFF....WAVEno sound")
    for path in folder.rglob("*.wav"):
        lab.s3.upload_file(str(path), BUCKET, path.relative_to(lab.folder).as_posix())


def archive(lab, faults, found):
    code, _, error = lab.run("tag", "in", "-o", "local.csv")
    check(code == 2 and "broken.wav" in error, f"on the disk: {code}: {error}")
    for k, kind in enumerate(["500", "throttled", "short", "dropped"]):
        faults.plan(f"GET /{BUCKET}/in/{k}/", kind, 3)
        faults.plan(f"{'PUT' if k % 2 else 'HEAD'} /{BUCKET}/", kind, 1)
        faults.plan("list-type=2", kind, 1)
    code, _, error = lab.run("tag", f"s3://{BUCKET}/in", "-o", f"s3://{BUCKET}/tags.csv")
    check(code == 2 and error.count("broken.wav") == 1, f"from the store: {code}: {error}")
    expected = rows((lab.folder / "local.csv").read_text())
    check(lab.rows("tags.csv") == expected, "the rows from the store are not those from the disk")
    missing = {"500", "throttled", "short", "dropped"} - set(faults.done)
    check(not missing, f"never happened: {missing}")
    found["faults"] = dict(faults.done)
    found["rows"] = len(expected)
    return expected


def expired(lab, faults, expected, found):
    faults.clear()
    faults.plan(f"GET /{BUCKET}/in/3/", "expired", 10**6)
    words = ("tag", f"s3://{BUCKET}/in", "-o", f"s3://{BUCKET}/expired.csv", "--keep-journal", "--json")
    code, out, error = lab.run(*words)
    named = [name for name, reason in json.loads(out)["skipped"] if "expired" in reason]
    check(code == 2 and named and all("/in/3/" in name for name in named), f"expired: {code}: {error}")
    faults.clear()
    code, out, error = lab.run(*words)
    summary = json.loads(out)
    check(summary["resumed"] == lab.args.files - len(named), f"resumed {summary['resumed']}")
    check(lab.rows("expired.csv") == expected, "rows after the credential was renewed")
    found["expired"] = len(named)
    code, _, error = lab.run("tag", "s3://nowhere/in", "-o", "none.csv")
    check(code == 1 and "there is no bucket nowhere" in error, f"missing bucket: {code}: {error}")


def killed(lab, expected, found):
    words = lab.command("tag", f"s3://{BUCKET}/in", "-o", f"s3://{BUCKET}/killed.csv", "--workers", "1")
    process = subprocess.Popen(words, cwd=lab.folder, env=lab.environment, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    # Its first line is long: it names all classes of the model.
    while not any(path.read_text().count('"heard":') > 2 for path in lab.folder.glob("killed.csv.*.journal")):
        check(process.poll() is None and time.monotonic() - begun < 600, "the run to be killed has no log")
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check(not lab.has("killed.csv"), "a killed run left a result")
    code, _, error = lab.run("tag", f"s3://{BUCKET}/in", "-o", f"s3://{BUCKET}/killed.csv")
    check(code == 2 and "resuming: " in error, f"after a kill: {code}: {error}")
    check(lab.rows("killed.csv") == expected, "rows after a kill")
    found["killed"] = "resumed"


def long_recordings(lab, found):
    for name, size in (("short", lab.args.bytes // 20), ("long", lab.args.bytes)):
        key = f"{name}.wav"
        Proxy.long[f"/{BUCKET}/{key}"] = LongRecording(size)
        begun = time.monotonic()
        found[f"{name}_peak_mib"] = lab.peak_mib("tag", f"s3://{BUCKET}/{key}", "-o", f"{name}.csv")
        found[f"{name}_bytes"] = size
        found[f"{name}_seconds"] = round(time.monotonic() - begun, 1)
    grown = found["long_peak_mib"] - found["short_peak_mib"]
    check(grown < FLAT_MIB, f"memory grows by {grown} MiB with the recording")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("-o", "--out")
    args = parser.parse_args()
    args.program, args.model = (str(pathlib.Path(path).resolve()) for path in (args.program, args.model))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    Proxy.moto_port = moto.get_host_and_port()[1]
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{Proxy.moto_port}"
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    s3.create_bucket(Bucket=BUCKET)
    found = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(args, pathlib.Path(folder), s3, proxy.server_address[1])
            make_archive(lab)
            expected = archive(lab, Proxy.faults, found)
            expired(lab, Proxy.faults, expected, found)
            killed(lab, expected, found)
            long_recordings(lab, found)
    finally:
        proxy.shutdown()
        moto.stop()
    text = json.dumps(found, indent=2)
    print(text)
    if args.out:
        pathlib.Path(args.out).write_text(text + "\n")


if __name__ == "__main__":
    main()
