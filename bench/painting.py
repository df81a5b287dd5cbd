"""How soon a page is seen in a browser of the machine that has nothing of it yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from bench.asking import Question
from stack.chromium import find_chromium, open_chromium

FIRST_PAINT = """() => new Promise((resolve, reject) => {
    const look = () => {
        const found = performance.getEntriesByName("first-contentful-paint")[0];
        if (found) resolve(found.startTime);
        else if (performance.now() > 30_000) reject(new Error("nothing is seen of it after half a minute"));
        else requestAnimationFrame(look);
    };
    look();
})"""


@contextmanager
def open_browser() -> Iterator[Browser | None]:
    """None where there is none: then nothing is known of what is seen when."""
    program = find_chromium()
    if program is None:
        print("NOTHING IS LOOKED AT: there is no Chromium on this machine (bin/setup-browser)", flush=True)
        yield None
        return
    with open_chromium(program) as browser:
        yield browser


def measure_paints(browser: Browser, url: str, token: str, questions: Sequence[Question]) -> list[float]:
    """Milliseconds from asking for each page to the first of its contents on the screen, each in a context without cache.

    The browser's own start is not among them: it has shown one before. What a form asks for is typed in and sent.
    """
    _measure_paint(browser, url, token, questions[0])
    return [_measure_paint(browser, url, token, question) for question in questions]


def _measure_paint(browser: Browser, url: str, token: str, question: Question) -> float:
    context = browser.new_context()
    try:
        context.add_cookies([{"name": "_token", "value": token, "domain": urlsplit(url).hostname or "", "path": "/"}])
        page = context.new_page()
        page.goto(f"{url}/{question.path}")
        for name, value in question.form.items():
            page.fill(f"main input[name={name}]", value)
            with page.expect_navigation():
                page.press(f"main input[name={name}]", "Enter")
        return float(page.evaluate(FIRST_PAINT))
    finally:
        context.close()
