"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright. Without one they are skipped.

Where ``CI`` is set they fail instead, so that nobody believes in a page that no browser has shown.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


def _missing(what: str) -> None:
    """Skips the test; fails it where a browser is a must."""
    reason = f"{what}; the page is not tested"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window. It is closed after each module: other tests need the thread's event loop."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        _missing("there is no Chromium (apt install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("there is no Playwright (pip install playwright)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """A function that shows HTML as a file in a window of its own.

    When the test ends, no page may have asked the network for anything, complained on the console, thrown an error,
    or been stopped by its content security policy.
    """
    contexts, asked, complaints = [], [], []

    def show(html: str, **options: Any) -> Any:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}, **options))
        page = contexts[-1].new_page()
        page.add_init_script(VIOLATIONS)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield show
    violations = [
        violation
        for context in contexts
        for page in context.pages
        for violation in (page.evaluate("window.violations") or [])
    ]
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((tmp_path.as_uri(), "about:srcdoc"))] == []
    assert complaints == []
    assert violations == []
