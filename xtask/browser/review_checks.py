"""The page of a review: decisions by keyboard, a server that is killed, two reviewers, learning again."""

import json

from lab import CLASSES, EVENTS, MANY, WRONG_PER_CLASS
from server import check_names, check_width, until

# What is decided of each item in turn: 50 in all, and of each kind some.
KEYS = ["a", "x", "k", "r", "a", "d", "a", "x", "a", "a"]
DECISIONS = 50


def left(page):
    return int(page.inner_text("#all-left").split("/")[0])


def begin(page, server, name):
    page.goto(server.address())
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


def logged(lab, table):
    lines = (lab.folder / f"{table}.decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check_keyboard(page, server, lab):
    begin(page, server, "anna")
    assert left(page) == EVENTS, left(page)
    for number in range(DECISIONS // 2):
        decide(page, KEYS[number % len(KEYS)], number)
    assert len(logged(lab, "few.csv")) == DECISIONS // 2
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
    found = logged(lab, "few.csv")
    assert len(found) == DECISIONS and len({line["id"] for line in found}) == DECISIONS
    page.reload()
    begin(page, server, "anna")
    assert left(page) == EVENTS - DECISIONS, left(page)


def check_undo(page):
    for count in (1, 2):
        page.keyboard.press("u")
        wanted = EVENTS - DECISIONS + count
        until(page, f"parseInt(document.getElementById('all-left').textContent) === {wanted} && !review.busy")
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


def check_phone(phone, server):
    begin(phone, server, "cleo")
    until(phone, "review.picture !== null")
    phone.tap("#accept")
    until(phone, f"parseInt(document.getElementById('all-left').textContent) === {EVENTS - 1}")
    check_width(phone)


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
          for (let step = 0; step < 60; step += 1) {
            grid.scrollTop += 400;
            await new Promise((next) => requestAnimationFrame(next));
            const now = performance.now();
            times.push(now - before);
            before = now;
            most = Math.max(most, document.querySelectorAll(".cell").length);
          }
          grid.scrollTop = grid.scrollHeight;
          times.sort((a, b) => a - b);
          return { median_ms: times[30], p95_ms: times[57], longest_ms: times[59], most_cells: most };
        }"""
    )
    until(page, f"document.getElementById('cell-{MANY - 1}') !== null")
    until(page, f"document.getElementById('cell-{MANY - 1}').dataset.drawn === 'yes'")
    assert frames["most_cells"] < 200, frames
    return frames


def check_applied(lab):
    """The decisions of one reviewer, as labels with times."""
    log = "few.csv.decisions.jsonl"
    said = json.loads(lab.run("review", "apply", log, "-o", "labels.csv", "--reviewer", "anna", "--json"))
    assert said["decided"] + said["skipped"] == DECISIONS - 2, said


def true_class(page):
    """The class of the clip that is shown: the first number of its name."""
    name = page.inner_text("#file").rsplit("/", 1)[-1]
    return CLASSES[int(name.split("-")[0])]


def correct(page, server):
    """The wrong labels come first; each is corrected."""
    begin(page, server, "anna")
    for _ in range(3 * WRONG_PER_CLASS):
        before = left(page)
        page.keyboard.press("r")
        page.wait_for_selector("#dialog[open]")
        page.fill("#dialog-text", true_class(page))
        page.keyboard.press("Enter")
        until(page, f"parseInt(document.getElementById('all-left').textContent) === {before - 1} && !review.busy")


def learned_files(lab):
    return sorted(path.name for path in lab.folder.iterdir() if "learned-" in path.name)


def start_learning(page):
    """Answered: the server has begun."""
    with page.expect_response("**/v1/review/learn"):
        page.click("#learn-start")
    until(page, "!review.busy")


def check_learning(page, server, lab):
    """Learning again: stopped, finished with its gain, and killed; no decision and no model is lost or half."""
    correct(page, server)
    check_names(page)
    page.keyboard.press("l")
    assert page.evaluate("document.activeElement.id") == "learn-start"
    with page.expect_response("**/v1/review/learn"):
        page.keyboard.press("Enter")
    until(page, "!review.busy && learning.status.state !== 'idle'")
    page.evaluate("learning.act('stop')")
    until(page, "learning.status.state === 'stopped' || learning.status.state === 'done'")
    for name in learned_files(lab):
        (lab.folder / name).unlink()
    start_learning(page)
    until(page, "learning.status.state === 'done'")
    assert page.is_visible("#learned")
    shown = page.inner_text("#learned")
    untouched = 36 - 3 * WRONG_PER_CLASS
    assert f"accuracy on {untouched} clips that nobody has seen" in shown and "95 % interval" in shown, shown
    assert f"{3 * WRONG_PER_CLASS} with changed labels" in shown, shown
    assert "learned-1.safetensors" in page.inner_text("#learned-model")
    assert learned_files(lab) == ["learned-1.safetensors"], learned_files(lab)
    info = lab.run("models", "info", "learned-1.safetensors", "--json")
    assert json.loads(info)["classes"], info
    page.click("#learn-sort")
    until(page, "learning.status.is_sorted && !review.busy")
    assert "sorted by the new scores" in page.inner_text("#learn-status")
    # One that is stopped takes nothing from the model before; one that was quicker takes its place.
    start_learning(page)
    assert page.is_visible("#learned")
    page.evaluate("learning.act('stop')")
    until(page, "learning.status.state === 'stopped' || learning.status.state === 'done'")
    assert page.is_visible("#learned")
    if page.evaluate("learning.status.state") == "stopped":
        assert "the model that was learned before" in page.inner_text("#learn-status")
        assert "learned-1.safetensors" in page.inner_text("#learned-model")
    decided = len(logged(lab, "oof.csv"))
    start_learning(page)
    server.kill()
    server.start()
    begin(page, server, "anna")
    assert len(logged(lab, "oof.csv")) == decided and left(page) == 36 - decided
    for name in learned_files(lab):
        if name.endswith(".safetensors") and not name.startswith("."):
            lab.run("models", "info", name, "--json")
