"""The command line, ``python -m autograd_mini``: explains, checks and draws the gradients of an expression."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Any

from autograd_mini.by_hand.check import check_by_hand
from autograd_mini.by_hand.explain import explain
from autograd_mini.draw import draw
from autograd_mini.draw.microscope import microscope
from autograd_mini.expression import assignment, build
from autograd_mini.expression_functions import FUNCTIONS
from autograd_mini.expression_text import ExpressionError
from autograd_mini.graph import names_of, walk
from autograd_mini.value import Value

Run = Callable[[Value, argparse.Namespace], tuple[str, int]]  # what a command prints, and its exit status

ABOUT = """\
Backprop of an expression: derived step by step, checked against your own derivation, drawn, or to step through."""

LANGUAGE = """\
An expression is what you would write in Python, in quotes. Its numbers follow: a=2, or "x=[1,2]" for an array.

  operators  + - * / ** @, round brackets, lists such as [a, b, 3], and x[0], x.T
  functions  {functions}
  methods    the same on what stands before them: a.tanh(), x.sum(axis=0)
  steps      "e = a*b; d = e + c; d*f": a step gets a name, which the derivation then uses
"""
STATUS = "The exit status is 0, or 1 if a check finds a slip, or 2 if something could not be read."

EXAMPLES = {
    "explain": """\
examples, to paste:
  python -m autograd_mini explain "(a*b + c).tanh()" a=2 b=-3 c=6.5
  python -m autograd_mini explain "e = a*b; d = e + c; L = d*f" a=2 b=-3 c=10 f=-2
  python -m autograd_mini explain "((w*x - y)**2).mean()" "w=[1,2]" "x=[3,4]" y=1 --markdown""",
    "check": """\
examples, to paste (in the second the gradient of b has a slip):
  python -m autograd_mini check "(a*b + c).tanh()" a=2 b=-3 c=6.5 --by-hand c=0.7864 a=-2.359 b=1.573
  python -m autograd_mini check "e = a*b; (e + c)**2" a=2 b=-3 c=10 --by-hand e=8 c=8 a=-24 b=-16
  python -m autograd_mini check "((w*x - y)**2).mean()" "w=[1,2]" "x=[3,4]" y=1 --by-hand "w=[6,28]" y=-9""",
    "draw": """\
example, to paste:
  python -m autograd_mini draw "(a*b + c).tanh()" a=2 b=-3 c=6.5 -o graph.svg""",
    "microscope": """\
example, to paste:
  python -m autograd_mini microscope "e = a*b; (e + c).tanh()" a=2 b=-3 c=6.5 -o page.html""",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line, by default that of the process, and returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    if not given:
        parser.print_help()
        return 2
    # An expression that begins with a minus is no option, and argparse sees that of a text that begins with a space.
    given = [f" {each}" if re.match("-[^-]", each) and each not in ("-h", "-o") else each for each in given]
    options, later = parser.parse_known_args(given)  # numbers behind an option are "later": argparse leaves them
    if unknown := [each for each in later if each.startswith("-")]:
        parser.error(f"{options.command} has no option {' '.join(unknown)}; see {options.command} --help")
    try:
        loss, unused = build(options.expression, [*options.numbers, *later])
        for name in unused:
            print(f"{options.command}: the result does not depend on {name}", file=sys.stderr)
        run: Run = options.run
        text, status = run(loss, options)
    except (ValueError, OSError, RuntimeError) as error:
        message = str(error).split("\n  at ")[0]  # without the user's line, which is none here
        name = error.without_value if isinstance(error, ExpressionError) else ""
        if name and name in [each.partition("=")[0].strip() for each in getattr(options, "by_hand", ())]:
            message = f"{name} has no value: what stands behind --by-hand is a gradient; numbers stand before it"
        print(f"{options.command}: {message}", file=sys.stderr)
        return 2
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader, such as head, has seen enough; at the exit there must be nothing to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _explain(loss: Value, options: argparse.Namespace) -> tuple[str, int]:
    explanation = explain(loss, options.wrt)
    return explanation.latex if options.latex else explanation.markdown if options.markdown else str(explanation), 0


def _check(loss: Value, options: argparse.Namespace) -> tuple[str, int]:
    graph = walk(loss)
    known = [name for name, value in zip(names_of(graph), graph.values, strict=True) if value.requires_grad]
    gradients: dict[Value | str, Any] = {}
    for each in options.by_hand:
        name, equals, text = map(str.strip, each.partition("="))
        if not equals or not text:
            raise ExpressionError(f"--by-hand {each}: write name=gradient, such as a=-0.003")
        if name not in known:
            near = difflib.get_close_matches(name, known) or known[:8]
            raise ExpressionError(
                f"--by-hand {each}: the result does not depend on {name}; it does on {', '.join(near)}"
            )
        if name in gradients:
            raise ExpressionError(f"--by-hand {each}: {name} has a gradient already; leave one of them out")
        gradients[name] = assignment(each)[1] if text.startswith("[") else text  # whose digits say how exact it is
    report = check_by_hand(loss, gradients)
    return str(report), 0 if report.ok else 1


def _draw(loss: Value, options: argparse.Namespace) -> tuple[str, int]:
    loss.backward()
    return f"wrote {draw(loss).save(options.output)}", 0


def _microscope(loss: Value, options: argparse.Namespace) -> tuple[str, int]:
    microscope(loss, options.output)
    return f"wrote {options.output}; open it in a browser", 0


def _parser() -> argparse.ArgumentParser:
    margin = " " * 13
    names = textwrap.fill(", ".join(sorted(FUNCTIONS)), 110, initial_indent=margin, subsequent_indent=margin)
    language = LANGUAGE.format(functions=names.lstrip())
    first_of_each = [examples.splitlines()[1] for examples in EXAMPLES.values()]
    parser = argparse.ArgumentParser(
        prog="python -m autograd_mini",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=ABOUT,
        epilog="\n".join([language, "examples, to paste:", *first_of_each, "", STATUS]),
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def command(name: str, run: Run, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog="\n".join([EXAMPLES[name], "", language, STATUS]),
        )
        added.add_argument("expression", help='in quotes: "a*b + c", or with steps, "e = a*b; e + c"')
        added.add_argument("numbers", nargs="*", default=[], metavar="name=number", help='a=2, or an array, "x=[1,2]"')
        added.set_defaults(run=run)
        return added

    explaining = command("explain", _explain, "write down how each gradient follows by the chain rule")
    explaining.add_argument("--wrt", metavar="NAME", action="append", help="only the way to this one; may be repeated")
    form = explaining.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help="as LaTeX, an aligned environment")
    form.add_argument("--markdown", action="store_true", help="as Markdown with formulas")
    checking = command("check", _check, "compare your own gradients with the right ones, and find the first slip")
    checking.add_argument(
        "--by-hand",
        nargs="+",
        action="extend",
        required=True,
        metavar="name=gradient",
        help="d result / d name for any of the names; the digits say how far it was rounded: a=-0.003, a=-4/9",
    )
    drawing = command("draw", _draw, "draw the graph with every number and gradient")
    drawing.add_argument("-o", "--output", required=True, help="an .svg or .dot file; with Graphviz also .png or .pdf")
    stepping = command("microscope", _microscope, "write a page to step through every number of the backward pass")
    stepping.add_argument("-o", "--output", required=True, help="an .html file")
    return parser


if __name__ == "__main__":
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console may lack the letters of a name
    sys.exit(main())
