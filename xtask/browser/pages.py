"""The pages of earmark in a real browser: `cargo xtask browser` runs this.

    python xtask/browser/pages.py --earmark PROGRAM --chromium /usr/bin/chromium --shots SHOTS [--only review,...]

PROGRAM has the feature `serve`. Makes recordings, tables, a model and an index in a temporary folder. The first check
that fails ends the script with its line; what is measured is printed as JSON. Pictures of the pages are in SHOTS:
desktop, dark, phone.

Python 3.11+ with what requirements.txt lists, and a Chromium.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

import review_checks as review
import search_checks as search
from lab import NAMES, Lab
from playwright.sync_api import sync_playwright
from server import Server, Watch, until

PARTS = ["review", "learn", "search", "live"]
# Containers have no sandbox for the browser; a page may play sound without a click.
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]


def shot(page, shots, name):
    page.screenshot(path=shots / f"{name}.png", full_page=True)


def check_review(watch, lab, shots):
    lab.make_events()
    few = Server(lab, "review", "serve", "few.csv", "--data", ".", "--order", "class")
    many = Server(lab, "review", "serve", "many.csv", "--data", ".", "--order", "class")
    try:
        page = watch.page()
        review.check_keyboard(page, few, lab)
        review.check_undo(page)
        review.check_sound(page)
        review.check_names(page)
        shot(page, shots, "review")
        watch.check(page)
        other = watch.page(color_scheme="dark")
        review.check_second_reviewer(other, few)
        review.check_rename(other)
        until(other, "review.picture !== null")
        shot(other, shots, "review-dark")
        watch.check(other)
        phone = watch.phone()
        review.check_phone(phone, few)
        shot(phone, shots, "review-phone")
        watch.check(phone)
        grid = watch.page()
        frames = review.check_many(grid, many)
        grid.evaluate("document.getElementById('grid').scrollTop = 0")
        until(grid, "document.querySelectorAll('.cell[data-drawn]').length > 8")
        shot(grid, shots, "review-grid")
        watch.check(grid)
        review.check_applied(lab)
        return {"frames": frames}
    finally:
        few.kill()
        many.kill()


def check_learn(watch, lab, shots):
    server = Server(
        lab, "review", "serve", "--scores", "oof.csv", "--data", "clips", "--learn-with", "model", "--index", "index"
    )
    try:
        page = watch.page()
        search.check_from_review(page, server, lab)
        review.check_learning(page, server, lab)
        review.start_learning(page)
        until(page, "learning.status.state === 'done'")
        shot(page, shots, "learn")
        phone = watch.phone(color_scheme="dark")
        review.begin(phone, server, "cleo")
        review.check_width(phone)
        shot(phone, shots, "learn-phone-dark")
        watch.check(page, phone)
    finally:
        server.kill()


def check_search(watch, lab, shots):
    server = Server(lab, "review", "serve", "index")
    try:
        page = watch.page()
        search.check_search(page, server, lab)
        shot(page, shots, "search")
        dark = watch.page(color_scheme="dark")
        search.begin(dark, server)
        shot(dark, shots, "search-dark")
        phone = watch.phone()
        search.check_search_phone(phone, server)
        shot(phone, shots, "search-phone")
        busy = watch.page()
        search.check_waiting_labels(busy, server, lab)
        search.check_refused_label(busy, lab)
        search.check_changed_index(busy, server, lab)
        watch.check(page, dark, phone, busy)
    finally:
        server.kill()


def check_live(play, args, lab):
    microphone = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={lab.folder / 'microphone.wav'}",
    ]
    (lab.folder / "microphone.wav").write_bytes((lab.folder / "archive" / NAMES[2]).read_bytes())
    browser = play.chromium.launch(executable_path=args.chromium, args=FLAGS + microphone)
    server = Server(lab, "serve", "--model", "model")
    try:
        watch = Watch(browser)
        page = watch.page()
        search.check_live(page, server)
        shot(page, args.shots, "live")
        search.stop_live(page)
        phone = watch.phone(color_scheme="dark")
        search.check_live(phone, server)
        search.check_width(phone)
        shot(phone, args.shots, "live-phone-dark")
        watch.check(page, phone)
    finally:
        browser.close()
        server.kill()


def check(play, args, lab):
    wanted = args.only.split(",")
    measured, seconds = {}, {}

    def timed(name, work):
        if name in wanted or name == "lab":
            begun = time.monotonic()
            measured.update(work() or {})
            seconds[name] = round(time.monotonic() - begun, 1)

    def make():
        lab.make_clips()
        lab.make_archive()
        if wanted != ["review"]:
            lab.make_model()
            lab.make_index()

    timed("lab", make)
    browser = play.chromium.launch(executable_path=args.chromium, args=FLAGS)
    try:
        watch = Watch(browser)
        timed("review", lambda: check_review(watch, lab, args.shots))
        timed("learn", lambda: check_learn(watch, lab, args.shots))
        timed("search", lambda: check_search(watch, lab, args.shots))
    finally:
        browser.close()
    timed("live", lambda: check_live(play, args, lab))
    return {"seconds": seconds, **measured}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", required=True)
    parser.add_argument("--shots", required=True, type=pathlib.Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts: " + ",".join(PARTS))
    args = parser.parse_args()
    if unknown := set(args.only.split(",")) - set(PARTS):
        parser.error(f"--only {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    args.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        measured = check(play, args, Lab(folder, args.earmark))
    json.dump(measured, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
