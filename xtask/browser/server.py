"""A server that can be killed and started again, and a browser that looks at its pages."""

import json
import signal
import socket
import subprocess
import time

# Where something is waited for: far above what it takes, so that a slow machine fails nothing.
PATIENCE = 60


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """A server on one port."""

    def __init__(self, lab, *words):
        self.port = free_port()
        self.command = [lab.program, *words, "--bind", f"127.0.0.1:{self.port}", "--json"]
        self.folder = lab.folder
        self.start()

    def start(self):
        self.log = open(self.folder / f"server-{self.port}.log", "ab")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True, encoding="utf-8"
        )
        said = self.process.stdout.readline()
        assert said, f"the server does not start: {(self.folder / f'server-{self.port}.log').read_text()}"
        self.said = json.loads(said)

    def kill(self):
        """As `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def address(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"


class Watch:
    """New pages of a browser, and what none of them may do."""

    def __init__(self, browser):
        self.browser = browser
        self.problems = []
        self.elsewhere = []

    def page(self, **settings):
        settings = {"viewport": {"width": 1280, "height": 900}, **settings}
        page = self.browser.new_context(**settings).new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self.look)
        return page

    def phone(self, **settings):
        return self.page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, **settings)

    def look(self, request):
        is_here = "127.0.0.1" in request.url or request.url.startswith(("blob:", "data:"))
        if not is_here:
            self.elsewhere.append(request.url)

    def check(self, *pages):
        """Closes pages after a last look at them."""
        for page in pages:
            assert not page.evaluate("window.harm || 0"), "a name became markup"
            page.context.close()
        assert not self.problems, self.problems
        assert not self.elsewhere, self.elsewhere


def until(page, expression, seconds=PATIENCE):
    """Waits until something holds. Playwright's own way evaluates text, which the policy of the pages forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never: {expression}; the page says: {page.inner_text('#status')}"
        time.sleep(0.01)


def check_width(page):
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the phone"


def check_names(page):
    """Everything that can be pressed or filled in has a name that a screen reader says."""
    nameless = page.evaluate(
        """() => Array.from(document.querySelectorAll("button, input, select, a, canvas:not([aria-hidden]), progress"))
          .filter((found) => {
            const label = found.getAttribute("aria-label") || found.getAttribute("aria-labelledby")
              || (found.labels && found.labels.length > 0) || found.textContent.trim();
            return !label;
          }).map((found) => found.outerHTML.slice(0, 200))"""
    )
    assert not nameless, nameless
