"""What ``diagnose`` found, and how it reads: as text, and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from autograd_mini.text import wrapped
from autograd_mini.value import Value

INDENT = " " * 5  # of what stands below a finding's number and kind


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong: of what kind, at which Value, and what to do about it.

    ``name`` is what the Value is called: a parameter's path, a label, a variable, or ``v7`` as in a drawing.
    ``line`` is a line of the user's own code, or "" where none is known for certain.
    """

    kind: str
    name: str
    node: Value
    message: str
    advice: str
    line: str = ""

    def __str__(self) -> str:
        lines = [f"{self.kind}, at {self.name}"]
        lines += wrapped(self.message.split(), INDENT, INDENT)
        lines += wrapped(self.advice.split(), f"{INDENT}-> ", f"{INDENT}   ")
        if self.line:
            lines.append(f"{INDENT}at {self.line}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What ``diagnose`` found. It is true, as a condition, if that is nothing.

    ``notes`` says what could not be judged at this moment of the step, and why.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"diagnose: {self._summary}"]
        lines += [f"  {i}. {finding}" for i, finding in enumerate(self.findings, 1)]
        for note in self.notes:
            lines += wrapped(note.split(), "  not judged: ", "    ")
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def _summary(self) -> str:
        n = len(self.findings)
        if n:
            return f"{n} finding{'s' if n > 1 else ''}"
        return "nothing is wrong in what can be judged now" if self.notes else "nothing is wrong with this step"

    def _repr_html_(self) -> str:
        """What Jupyter, VS Code and marimo show."""
        items = "".join(
            f"<li><b>{escape(finding.kind)}</b>, at <code>{escape(finding.name)}</code><br>{escape(finding.message)}"
            f"<br>&rarr; {escape(finding.advice)}"
            + (f"<br><code>{escape(finding.line)}</code>" if finding.line else "")
            + "</li>"
            for finding in self.findings
        )
        notes = "".join(f"<p><i>not judged:</i> {escape(note)}</p>" for note in self.notes)
        return f"<div><b>diagnose: {self._summary}</b>{f'<ol>{items}</ol>' if items else ''}{notes}</div>"
