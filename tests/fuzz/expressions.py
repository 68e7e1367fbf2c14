"""Mutates expressions and reads them, in a process that may run no code, import nothing, and take little memory.

``python -m tests.fuzz.expressions 2000`` prints the texts that are neither an expression nor refused in words.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import warnings
from typing import Any

from autograd_mini.expression import assignment, build
from autograd_mini.expression_functions import FUNCTIONS, METHODS
from autograd_mini.expression_text import MAX_LENGTH, ExpressionError

NUMBERS = ["a=2", "b=-3", "c=6.5", "x=[[1,2,3],[4,5,6]]", "y=[0.5,-1,2]"]
VALID = [
    "(a*b + c).tanh()",
    "e = a*b; d = e + c; d*a",
    "((x @ y)**2).mean()",
    "softmax(x, axis=-1)[0, 1].log()",
    "(x.T @ [1, -1]).sum()",
    "x[:, None, 1:].reshape(-1).max()",
    "logsumexp(x - 2e3*y, axis=(0, 1), keepdims=True)",
    "-a**2 + +b - (c / 3)",
    "maximum(relu(a), b) * norm(x) + var(y, ddof=1)",
    "quantile(x, [0.2, 0.7], -1).std()",
]
HOSTILE = [
    *("9**9**9**9", "a*9**9**9", "1e999", "0x" + "f" * 900, "9" * 3000, "a" + "**9" * 900, "-" * 3000 + "a"),
    *("(" * 1500 + "a" + ")" * 1500, "[" * 1500, "a" + ".T" * 1500, "not " * 500 + "a", "lambda: a", "a if a else b"),
    *("tanh(" * 600 + "a" + ")" * 600, "x[" * 300 + "0" + "]" * 300, "[[" * 90 + "1" + "]]" * 90),
    *("[i for i in x]", "(lambda f: f(f))(lambda f: f(f))", "__import__('os').system('true')", "open('x', 'w')"),
    *("().__class__.__bases__[0].__subclasses__()", "a.__class__", "f'{a}'", "f'{a.__class__}'", "'a' * 9**9"),
    *("x[999999999999]", "x[::0]", "x[10**4000:]", "x.reshape(10**9)", "x.sum(axis=10**30)", "round(a, 10**30)"),
    *("matrix_power(x @ x.T, 10**9)", "kron(kron(x, x), kron(x, x))", "diff(x, 10**8)", "pad(x, 10**9)", "x.tile(9)"),
    *("ａ*b", "ﬁ + a", "а + a", "a\u202e*b", "a\u2028*b", "a\ufeff*b", "a\0b", "\ud800", "a*b\x1b[31m", "٣ + a", "𝐚*b"),
    *("a := 2", "a = b = 2", "a, b = 2, 3", "*a", "**a", "a; b", ";" * 900, "\n" * 900 + "a", "a \\\n* b", "#", "'''"),
    *("print(a)", "exec('1')", "eval('a')", "import os", "global a", "await a", "yield a", "class a: pass", "del a"),
]
PIECES = [
    *"+-*/@^%~<>=!:;,.()[]{}\n \t#\\'\"`$?\0\u2028é",
    *("**", "//", "9**9**9", "1e308", "10**9", "nan", "inf", "True", "None", "...", "lambda:", "axis=", "keepdims=1"),
    *("[0]", "[:,None]", "[::-1]", ".T", "()", "a", "b", "x", "y", "e=", "2j", "0x_", "1_0", "1.", "'s'", "b's'"),
    *[f"{name}(" for name in FUNCTIONS],
    *[f".{name}()" for name in METHODS],
]
MEMORY, SECONDS = 256 << 20, 3


def mutated(rng: random.Random) -> str:
    """A text made of expressions, by a few cuts, pieces put in, repetitions and joints."""
    text = rng.choice(VALID if rng.random() < 0.8 else HOSTILE)
    for _ in range(rng.randint(0, 5)):
        i, j = sorted(rng.randint(0, len(text)) for _ in range(2))
        other = rng.choice(VALID + HOSTILE)
        match rng.randrange(6):
            case 0:
                text = text[:i] + text[j:]
            case 1:
                text = text[:i] + rng.choice(PIECES) + text[i:]
            case 2:
                text = text[:i] + rng.choice(PIECES) + text[min(i + 1, len(text)) :]
            case 3:
                text = text[:j] + text[i:j] * rng.choice([1, 2, 40]) + text[j:]
            case 4:
                text = text[:i] + other[: rng.randint(0, len(other))] + text[j:]
            case 5:
                text = f"({text}) {rng.choice(['+', '*', '@', '**', ';'])} ({other})"
    return text[: MAX_LENGTH + 10]


def complaint(text: str) -> str:
    """What is wrong with what reading ``text`` did; empty if nothing is."""
    for read in (lambda: build(text, NUMBERS), lambda: assignment(f"a={text}")):
        signal.alarm(SECONDS)
        try:
            read()
        except ExpressionError as error:
            if not str(error) or len(str(error)) > 2000:
                return f"an error of {len(str(error))} characters"
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
        finally:
            signal.alarm(0)
    return ""


def main(count: int, seed: int = 0) -> int:
    forbidden: list[str] = []
    warnings.simplefilter("error")

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    for text in ["x[9]", *[f"{name}(a)" for name in FUNCTIONS]]:  # what is imported when it is needed, is from here on
        complaint(text)
    texts = [*HOSTILE, *[mutated(random.Random(seed + i)) for i in range(count)]]

    def hook(event: str, arguments: Any) -> None:
        if (event, *arguments[:1]) == ("open", ""):  # the parser, of a text that it refuses: there is no such file
            return
        if watching and event.split(".")[0] in ("exec", "import", "open", "os", "socket", "subprocess", "ctypes"):
            forbidden.append(f"{event} {arguments}"[:200])

    watching = False
    sys.addaudithook(hook)
    with open("/proc/self/statm") as pages:
        used = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    watching, failed = True, 0
    for text in texts:
        wrong = complaint(text) or "; ".join(forbidden)
        forbidden.clear()
        if wrong:
            failed += 1
            print(f"{text[:300]!a}\n  {wrong[:500]!a}")
    watching = False
    print(f"{len(texts)} texts read, {failed} wrong")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
