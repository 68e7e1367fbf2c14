"""``make test-matrix``: every test on the oldest and the newest Python and NumPy that are here, a line for each.

Each combination has an environment of its own in ``.matrix/``. What is given behind ``-m tests.matrix`` goes to pytest.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMBINATIONS = [  # the minor version of Python 3; NumPy as pip takes it: the oldest of pyproject.toml, or the newest
    (11, "numpy==2.0.0"),
    (11, "numpy"),
    (12, "numpy"),
    (13, "numpy"),
    (14, "numpy"),
]


def python(minor: int) -> str | None:
    """A Python 3 of this minor version: on the PATH, or one of pyenv's."""
    found = [
        shutil.which(f"python3.{minor}"),
        *sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/3.{minor}.*/bin/python"))),
    ]
    for each in found:  # pyenv's on the PATH may be there and not run
        if each and subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode == 0:
            return each
    return None


def environment(interpreter: str, minor: int, numpy: str) -> Path:
    """The Python of the combination's environment, which is made anew when pyproject.toml has changed."""
    place = ROOT / ".matrix" / f"python3.{minor}-{numpy}"
    made, stamp = place / "bin" / "python", place / "installed"
    if not stamp.exists() or stamp.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", place], check=True)
        install = [made, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--upgrade", "--editable", ".[demos,test]", numpy], cwd=ROOT, check=True)
        stamp.touch()
    return made


def run(minor: int, numpy: str, options: list[str]) -> str:
    """What is to be said of a combination: pytest's last line, or why it could not be tried."""
    interpreter = python(minor)
    if interpreter is None:
        return "skipped: there is no such Python here"
    try:
        made = environment(interpreter, minor, numpy)
    except subprocess.CalledProcessError:
        return "FAILED: the libraries cannot be installed"
    tests = [made, "-m", "pytest", "-q", "--numprocesses", "auto", "--maxprocesses", "8", "--dist", "worksteal"]
    done = subprocess.run([*tests, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stdout)
    versions = (
        "import numpy, platform; print('Python', platform.python_version(), 'NumPy', numpy.__version__, end=': ')"
    )
    said = subprocess.run([made, "-c", versions], stdout=subprocess.PIPE, text=True, check=True).stdout
    return said + ("FAILED, " if done.returncode else "") + done.stdout.rstrip().rpartition("\n")[2]


def main(options: list[str]) -> int:
    """Tries all; 1 if one failed."""
    lines = []
    for minor, numpy in COMBINATIONS:
        lines.append(f"python3.{minor} {numpy}: {run(minor, numpy, options)}")
        print(lines[-1], flush=True)
    return int(any(["FAILED" in line for line in lines]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
