"""The page of an index: search by a part of a recording, label, learn, look again; and the live page."""

import json
import time

from lab import HERTZ, NAMES
from review_checks import begin as begin_review
from server import PATIENCE, check_names, check_width, until


def begin(page, server, path="/"):
    page.goto(server.address(path))
    page.fill("#reviewer", "anna")
    page.press("#reviewer", "Enter")
    page.wait_for_selector("#work:not([hidden])")
    until(page, "part.picture !== null && !search.busy")


def kind(hit):
    """The kind of sound of a window: that of the second which its centre is in."""
    number = NAMES.index(hit["file"].rsplit("/", 1)[-1])
    second = int((hit["start_seconds"] + hit["end_seconds"]) / 2)
    return (number + second // 2) % len(HERTZ)


def hits(page):
    return page.evaluate("search.hits")


def labels(lab):
    lines = (lab.folder / "index" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answer(page, key, count):
    """Says the same of the next windows."""
    for _ in range(count):
        at = page.evaluate("search.at")
        page.keyboard.press(key)
        until(page, f"!search.busy && document.querySelector('#hit-{at} .mark').textContent !== ''")


def choose_part(page, start, end):
    for field, value in (("#part-start", start), ("#part-end", end)):
        page.fill(field, str(value))
        page.press(field, "Tab")
    page.evaluate("document.activeElement.blur()")


def check_search(page, server, lab):
    begin(page, server)
    check_names(page)
    assert page.locator("#recordings option").count() == len(NAMES)
    choose_part(page, 0.2, 1.8)
    page.keyboard.press("f")
    until(page, "search.hits.length > 0 && !search.busy")
    found = hits(page)
    assert all(hit["similarity"] <= 1.0001 for hit in found)
    order = [hit["similarity"] for hit in found]
    assert order == sorted(order, reverse=True), "the most similar first"
    # By keyboard: the class, then answers.
    page.keyboard.press("c")
    page.keyboard.type('<i>low</i> "tone"')
    page.keyboard.press("Enter")
    answer(page, "y", 3)
    page.keyboard.press("ArrowUp")
    said = labels(lab)
    assert len(said) == 3 and {line["class"] for line in said} == {'<i>low</i> "tone"'}, said
    assert all(line["who"] == "anna" and line["from"].startswith("search: ") for line in said), said
    check_learned(page, lab)


def check_learned(page, lab):
    """Windows without the class, then a classifier; what is proposed and what scores best."""
    page.select_option("#order", "random")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("o")
    until(page, "!search.busy && search.origin.startsWith('random')")
    page.focus("#hit-0")
    answer(page, "n", 3)
    page.select_option("#order", "best")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("l")
    until(page, "!search.busy && search.origin.startsWith('best')")
    assert "Trained on 3 windows with it and 3 without it" in page.inner_text("#status")
    scores = [next(iter(hit["scores"].values())) for hit in hits(page)]
    assert scores == sorted(scores, reverse=True), scores
    assert "3 yes, 3 no, learned" in page.inner_text("#classes")
    for order in ("margin", "diverse"):
        page.select_option("#order", order)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("o")
        until(page, f"!search.busy && search.origin.startsWith('{order}')")
        assert hits(page) and all(not hit["labels"] for hit in hits(page)), "labelled ones are not proposed"
    # What the page wrote is what the command reads.
    info = json.loads(lab.run("index", "info", "index", "--json"))
    assert info, info
    lab.run("index", "detect", "index", '<i>low</i> "tone"', "-o", "found.csv")


def check_from_review(page, server, lab):
    """From an item of a review to what is similar to it in the index, whose first recording is not there."""
    begin_review(page, server, "ben")
    until(page, "review.picture !== null && part.end > part.start")
    # In the grid no part is shown: none is searched for, least of all one of another item.
    page.keyboard.press("g")
    until(page, "review.mode === 'grid' && !review.busy")
    page.keyboard.press("ArrowRight")
    until(page, "review.position === 1 && !review.busy")
    assert page.evaluate("part.picture === null")
    page.keyboard.press("f")
    assert "Show a single item first" in page.inner_text("#status"), page.inner_text("#status")
    page.keyboard.press("ArrowLeft")
    until(page, "review.position === 0 && !review.busy")
    page.keyboard.press("g")
    until(page, "review.mode === 'single' && !review.busy && review.picture !== null && part.end > part.start")
    listed = page.evaluate("fetch('v1/index/recordings?count=1').then((answer) => answer.json())")
    first = lab.folder / listed["recordings"][0]["file"]
    away = first.rename(lab.folder / "away.wav")
    page.keyboard.press("f")
    page.wait_for_url("**/search?*")
    page.fill("#reviewer", "ben")
    page.press("#reviewer", "Enter")
    until(page, "search.hits.length > 0 && !search.busy")
    assert "of the review" in page.inner_text("#hits-note"), page.inner_text("#hits-note")
    assert page.evaluate("part.picture === null"), "the first recording can't be shown"
    away.rename(first)


def start_labelling(page, server, name):
    begin(page, server)
    page.keyboard.press("f")
    until(page, "search.hits.length > 3 && !search.busy")
    page.fill("#class", name)
    page.press("#class", "Enter")


def hold_label(page, key):
    """Says something of the current window, and holds it on its way to the server; what comes later passes."""
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/v1/index/label", hold)
    page.press(f"#hit-{page.evaluate('search.at')}", key)
    until(page, "unsaved.length > 0")
    end = time.monotonic() + PATIENCE
    while not held:
        state = page.evaluate("[search.busy, unsaved.length, search.at]")
        assert time.monotonic() < end, f"never sent: {state}; the page says: {page.inner_text('#status')}"
    return held


def let_go(page, do):
    """Ends that, and waits until nothing is on its way."""
    do()
    until(page, "!search.busy")
    page.unroute("**/v1/index/label")


def check_waiting_labels(page, server, lab):
    """Windows that are chosen and labelled while a label is on its way; a line of the labels that was cut off."""
    before = labels(lab)
    with open(lab.folder / "index" / "labels.jsonl", "ab") as file:
        file.write(b'{"file": "archi')
    start_labelling(page, server, "later")
    assert f"line {len(before) + 1} of the labels, the last one, is cut off" in page.inner_text("#facts")
    page.focus("#hit-0")
    held = hold_label(page, "y")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    for at in (0, 1):
        assert "later: not saved yet" in page.inner_text(f"#hit-{at} .mark"), at
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    let_go(page, lambda: held[0].continue_())
    for at, mark in enumerate(["later", "not later", "", ""]):
        found = page.inner_text(f"#hit-{at} .mark").split(", ")
        assert [text for text in found if "later" in text] == ([mark] if mark else []), (at, found)
    assert page.evaluate("search.at") == 3, "the window that was chosen meanwhile stays"
    said = labels(lab)[len(before) :]
    shown = [(hit["file"], hit["start_seconds"]) for hit in hits(page)[:2]]
    assert [(line["file"], line["start_seconds"]) for line in said] == shown, said
    assert [line["answer"] for line in said] == ["yes", "no"], said
    assert f"line {len(before) + 1} of the labels was cut off and is removed" in page.inner_text("#facts")


def check_refused_label(page, lab):
    """A label that the server refuses is seen to be missing, and the one behind it is saved."""
    before = labels(lab)
    page.focus("#hit-2")
    held = hold_label(page, "y")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("y")
    let_go(page, lambda: held[0].fulfill(status=422, json={"error": "no"}))
    assert "later: not saved" in page.inner_text("#hit-2 .mark")
    assert len(labels(lab)) == len(before) + 1


def check_changed_index(page, server, lab):
    """A recording is taken out of the index and the server started again: numbers of before are refused."""
    start_labelling(page, server, "after")
    before = labels(lab)
    first = page.evaluate("search.recording.file")
    server.kill()
    lab.run("index", "remove", "index", first)
    server.start()
    page.focus("#hit-0")
    page.keyboard.press("y")
    until(page, "search.hits.length === 0 && !search.busy && part.picture !== null")
    said = page.inner_text("#status")
    assert said.startswith("Not saved: the index has changed") and said.endswith("search again"), said
    assert labels(lab) == before and page.evaluate("search.recording.file") != first
    page.keyboard.press("f")
    until(page, "search.hits.length > 0 && !search.busy")
    page.focus("#hit-0")
    answer(page, "y", 1)
    assert len(labels(lab)) == len(before) + 1


def check_search_phone(phone, server):
    begin(phone, server)
    phone.tap("#find")
    until(phone, "search.hits.length > 0 && !search.busy")
    check_width(phone)


def check_live(page, server):
    """The live page with a microphone that plays a file: labels come, and it stops."""
    page.goto(server.address())
    check_names(page)
    page.click("#start")
    until(page, "document.querySelectorAll('#labels li').length > 0")
    # Some hops later they are still shown, with the latency.
    until(page, "/[0-9]/.test(document.getElementById('latency').textContent)")
    assert page.inner_text("#labels").strip()
    page.keyboard.press("f")
    until(page, "document.getElementById('pause').getAttribute('aria-pressed') === 'true'")
    page.keyboard.press("f")


def stop_live(page):
    page.click("#start")
    until(page, "document.getElementById('start').textContent === 'Start'")
