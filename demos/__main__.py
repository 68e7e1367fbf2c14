"""The demos by name: `python -m demos` lists them, `python -m demos slope` runs one."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def main(arguments=None):
    """Lists the demos, or runs the one that is named; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m demos",
        description="The course, from a slope to a language model, in short scripts to run, to read and to change.",
        epilog="`python -m demos slope` runs the first one, `python -m demos slope --help` says what to look at and\n"
        "what to change. Their settings are arguments: `from demos import slope; slope.main(x=0.5)`.",
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=16),
    )
    demos = parser.add_subparsers(dest="demo", metavar="demo", title="demos")
    for name in names():
        text = docstring(name)
        demo = demos.add_parser(
            name,
            help=text.splitlines()[0].replace("%", "%%"),  # argparse fills these in, and those of a description not
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        demo.add_argument("--out", default="out", metavar="FOLDER", help="where the pictures go (out)")
    given = parser.parse_args(arguments)
    if given.demo is None:
        parser.print_help()
        return 0
    for file in import_module(f"demos.{given.demo}").main(given.out):
        print(f"Wrote {file}")
    return 0


def names():
    """The demos in the order of the course, which is that of README.md's table."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `python -m demos\.(\w+)`", index, re.MULTILINE)


def docstring(name):
    """What stands at the top of a demo; read and not imported, so that the list need not wait for matplotlib."""
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
