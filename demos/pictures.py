"""The two pictures of the README, anew: the microscope, and a derivation by hand that is marked (`make pictures`).

    python -m demos.pictures

They are screenshots, taken with Chromium (Debian: apt install chromium) through Playwright (the extra `test`).
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from demos import neuron

FOLDER = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NEURON = 'g.box[aria-label^="n,"]'
STEPS = 7  # forward through the neuron, and back through the tanh

TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #f3f3f1 }}
pre {{ display: inline-block; margin: 16px; padding: 18px 22px; border-radius: 8px; background: #1c1f26; color: #e4e4e0;
      font: 15px/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace }}
b {{ color: #ff8f7a }} i {{ color: #f2c66d; font-style: normal }} u {{ color: #8fd694; text-decoration: none }}
</style><pre>{}</pre>"""


def main(folder=FOLDER):
    """Takes the pictures; returns the files written."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen):
            page = neuron.main(temporary)[-1]
        marks = Path(temporary) / "marks.html"
        marks.write_text(TERMINAL.format(in_colours(screen.getvalue().split("\n\n")[-1])), encoding="utf-8")
        with browser() as chromium:
            return [
                photograph(chromium, page, folder / "microscope.png", 1280, 720, ["ArrowRight"] * STEPS, click=NEURON),
                photograph(chromium, marks, folder / "check_by_hand.png", 900, 400, selector="pre"),
            ]


def in_colours(text):
    """The lines of a report, with the marks in colour."""
    colours = {"WRONG": "b", "carried": "i", "ok": "u"}
    row = re.compile(r"^(  \S+ +)(WRONG|carried|ok)(?= )", re.MULTILINE)
    return row.sub(lambda m: f"{m[1]}<{colours[m[2]]}>{m[2]}</{colours[m[2]]}>", html.escape(text.strip()))


@contextlib.contextmanager
def browser():
    """Chromium, without a window."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("The pictures need Playwright: pip install -e '.[demos,test]'")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit("The pictures need Chromium: apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def photograph(chromium, page, picture, width, height, keys=(), click=None, selector=None):
    """Opens a page, clicks, presses keys, and takes a picture of it or of one element."""
    tab = chromium.new_page(viewport={"width": width, "height": height})
    tab.goto(Path(page).resolve().as_uri())
    if click:
        tab.locator(click).click()
    for key in keys:
        tab.keyboard.press(key)
    (tab.locator(selector) if selector else tab).screenshot(path=str(picture))
    tab.close()
    return picture


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
