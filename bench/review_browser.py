"""The page of `earmark review serve` in a real browser: decisions by keyboard, a server that is killed, two
reviewers, names that would be markup, and ten thousand items.

    python bench/review_browser.py --earmark target/release/earmark --shots SHOTS [--chromium /usr/bin/chromium]

Makes its recordings and tables in a temporary folder. Every check that fails ends the script with its line;
what is measured is printed as JSON. Writes pictures of the page to SHOTS: desktop, dark, phone, grid.

Python 3.11+ with Playwright (`pip install playwright`, its Python part alone) and a Chromium.
"""

import argparse
import array
import csv
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import wave

from playwright.sync_api import sync_playwright

RATE = 16000
NAMES = [
    '<script>window.harm=1</script>.wav',
    '"quoted" & \'single\'.wav',
    'bird 🐦 song.wav',
    'שלום-עולם.wav',
    'a\u202eb.wav',
    '<img src=x onerror="window.harm=1">.wav',
]
CLASSES = ['<b onclick="window.harm=1">Dog</b>', 'Wren "small"', 'צרצר 🦗']
# What is decided of each item in turn: 50 in all, and of each kind some.
KEYS = ["a", "x", "k", "r", "a", "d", "a", "x", "a", "a"]
DECISIONS = 50
EVENTS = 60
MANY = 10_000


def make(folder):
    """Recordings, a table of a few events, and one of many."""
    for number in range(12):
        name = NAMES[number] if number < len(NAMES) else f"{number:02}.wav"
        hz = 300 * (number + 2)
        samples = array.array(
            "h", (int(9000 * math.sin(2 * math.pi * hz * k / RATE) * (k // 4000 % 2)) for k in range(8 * RATE))
        )
        with wave.open(str(folder / name.replace("/", "_")), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
    names = sorted(path.name for path in folder.glob("*.wav"))
    for table, count in (("few.csv", EVENTS), ("many.csv", MANY)):
        with open(folder / table, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["file", "start_seconds", "end_seconds", "class", "score"])
            for k in range(count):
                start = (k // len(names)) % 1000 * 0.007
                score = 0.05 + 0.9 * ((k * 37) % 101) / 101
                rows.writerow([names[k % len(names)], f"{start:.3f}", f"{start + 0.5:.3f}", CLASSES[k % 3], f"{score:.3f}"])


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """A server on one port, which can be killed and started again."""

    def __init__(self, args, folder, table):
        self.port = free_port()
        self.command = [
            os.path.abspath(args.earmark), "review", "serve", table, "--data", ".", "--order", "class",
            "--bind", f"127.0.0.1:{self.port}", "--json",
        ]
        self.folder = folder
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = self.process.stdout.readline()
        assert said, "the server does not start"
        self.said = json.loads(said)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def until(page, expression, seconds=20):
    """Waits until something holds. Playwright's own way evaluates text, which the page's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never: {expression}; the page says: {page.inner_text('#status')}"
        time.sleep(0.01)


def left(page):
    return int(page.inner_text("#all-left").split("/")[0])


def begin(page, server, name):
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.fill("#reviewer", name)
    page.press("#reviewer", "Enter")
    page.wait_for_selector("#review:not([hidden])")
    until(page, "document.body.dataset.item !== undefined && !review.busy")


def press(page, key, number):
    """Decides the item that is shown."""
    page.keyboard.press(key)
    if key in ("r", "d"):
        page.wait_for_selector("#dialog[open]")
        page.fill("#dialog-text", ["<i>new</i> label", CLASSES[1], "שלום"][number % 3])
        page.keyboard.press("Enter")


def decide(page, key, number):
    before = left(page)
    item = page.evaluate("document.body.dataset.item")
    press(page, key, number)
    until(page, f"parseInt(document.getElementById('all-left').textContent) === {before - 1} && !review.busy")
    if before > 1:
        assert page.evaluate("document.body.dataset.item") != item, "the next item is shown"


def logged(folder, table):
    lines = (folder / f"{table}.decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check_keyboard(page, server, folder):
    begin(page, server, "anna")
    assert left(page) == EVENTS, left(page)
    for number in range(DECISIONS // 2):
        decide(page, KEYS[number % len(KEYS)], number)
    assert len(logged(folder, "few.csv")) == DECISIONS // 2
    # Killed; a decision is made all the same, and is not lost.
    server.kill()
    page.keyboard.press("a")
    page.wait_for_selector("#status.fault")
    assert "Not saved yet" in page.inner_text("#status")
    server.start()
    until(page, f"parseInt(document.getElementById('all-left').textContent) === {EVENTS - DECISIONS // 2 - 1}")
    until(page, "!review.busy")
    # Killed again; this time the page is loaded again before the server has the decision.
    server.kill()
    page.keyboard.press("x")
    page.wait_for_selector("#status.fault")
    server.start()
    begin(page, server, "anna")
    assert left(page) == EVENTS - DECISIONS // 2 - 2, left(page)
    for number in range(DECISIONS // 2 + 2, DECISIONS):
        decide(page, KEYS[number % len(KEYS)], number)
    found = logged(folder, "few.csv")
    assert len(found) == DECISIONS and len({line["id"] for line in found}) == DECISIONS
    page.reload()
    begin(page, server, "anna")
    assert left(page) == EVENTS - DECISIONS, left(page)


def check_undo(page):
    for count in (1, 2):
        page.keyboard.press("u")
        until(page, f"parseInt(document.getElementById('all-left').textContent) === {EVENTS - DECISIONS + count} && !review.busy"
        )
    assert page.inner_text("#verdict") == "not seen", page.inner_text("#verdict")


def check_second_reviewer(page, server):
    begin(page, server, "ben")
    assert left(page) == EVENTS, "the second reviewer begins at the start"
    for _ in range(5):
        assert page.inner_text("#verdict") == "not seen"
        decide(page, "a", 0)
    body = page.inner_text("body")
    assert "<i>new</i> label" not in body and "it is:" not in body, "nothing of the first reviewer is shown"


def check_rename(page):
    page.keyboard.press("c")
    page.wait_for_selector("#dialog[open]")
    page.select_option("#dialog-class", CLASSES[1])
    page.fill("#dialog-text", "Wren <u>tiny</u>")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('classes').innerText.includes('Wren <u>tiny</u>')")
    until(page, "!review.busy")
    assert CLASSES[1] not in page.inner_text("#classes")


def check_sound(page):
    page.keyboard.press(" ")
    until(page, "!player.sound.paused && player.sound.currentTime > 0.05")
    page.keyboard.press("s")
    assert page.input_value("#speed") == "2"
    page.keyboard.press(" ")
    until(page, "player.sound.paused || player.sound.ended")
    page.keyboard.press("b")
    assert page.input_value("#band") == "0-2000"
    until(page, "review.picture !== null")


def check_many(page, server):
    """The grid over ten thousand items: how many are in the document, and how long frames take."""
    begin(page, server, "anna")
    page.keyboard.press("g")
    page.wait_for_selector(".cell")
    frames = page.evaluate(
        """async () => {
          const grid = document.getElementById("grid");
          const times = [];
          let most = 0, before = performance.now();
          for (let step = 0; step < 120; step += 1) {
            grid.scrollTop += 400;
            await new Promise((next) => requestAnimationFrame(next));
            const now = performance.now();
            times.push(now - before);
            before = now;
            most = Math.max(most, document.querySelectorAll(".cell").length);
          }
          grid.scrollTop = grid.scrollHeight;
          times.sort((a, b) => a - b);
          return { median_ms: times[60], p95_ms: times[114], longest_ms: times[119], most_cells: most };
        }"""
    )
    until(page, f"document.getElementById('cell-{MANY - 1}') !== null")
    until(page, f"document.getElementById('cell-{MANY - 1}').dataset.drawn === 'yes'")
    assert frames["most_cells"] < 200, frames
    return frames


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", required=True)
    parser.add_argument("--shots", required=True, type=pathlib.Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    args.shots.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        folder = pathlib.Path(folder)
        make(folder)
        few, many = Server(args, folder, "few.csv"), Server(args, folder, "many.csv")
        browser = play.chromium.launch(
            executable_path=args.chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        problems, elsewhere = [], []

        def new_page(**settings):
            page = browser.new_context(viewport={"width": 1280, "height": 900}, **settings).new_page()
            page.set_default_timeout(20_000)
            page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
            page.on("pageerror", lambda error: problems.append(f"error: {error}"))
            page.on("request", lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url
                    and not request.url.startswith(("blob:", "data:")) else None)
            return page

        try:
            page = new_page()
            check_keyboard(page, few, folder)
            check_undo(page)
            check_sound(page)
            page.screenshot(path=args.shots / "desktop.png")
            other = new_page(color_scheme="dark")
            check_second_reviewer(other, few)
            check_rename(other)
            until(other, "review.picture !== null")
            other.screenshot(path=args.shots / "dark.png")
            phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).new_page()
            begin(phone, few, "cleo")
            until(phone, "review.picture !== null")
            phone.tap("#accept")
            until(phone, f"parseInt(document.getElementById('all-left').textContent) === {EVENTS - 1}")
            wide = phone.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"the page is {wide} pixels wider than the phone"
            phone.screenshot(path=args.shots / "phone.png")
            frames = check_many(new_page(), many)
            grid = new_page()
            begin(grid, many, "ben")
            grid.keyboard.press("g")
            until(grid, "document.querySelectorAll('.cell[data-drawn]').length > 8")
            grid.screenshot(path=args.shots / "grid.png")
            assert not page.evaluate("window.harm || 0"), "a name became markup"
            assert not problems, problems
            assert not elsewhere, elsewhere
            applied = subprocess.run(
                [os.path.abspath(args.earmark), "review", "apply", "few.csv.decisions.jsonl", "-o", "labels.csv",
                 "--reviewer", "anna", "--json"],
                cwd=folder, capture_output=True, text=True, check=True,
            )
            said = json.loads(applied.stdout)
            assert said["decided"] + said["skipped"] == DECISIONS - 2, said
        finally:
            browser.close()
            few.kill()
            many.kill()
    json.dump({"seconds": round(time.monotonic() - begun, 1), "frames": frames, "applied": said}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
