"""Backprop against gradient descent: one computes the gradients, the other uses them; both on one page.

    python -m demos.backprop

A line y = w * x + b through two points, and one step of its training taken apart: the forward pass computes the loss,
backprop the gradient of the loss by w and b, and gradient descent moves w and b against it. Backprop moves nothing,
and gradient descent computes no gradient; so each can be exchanged for something else, and the other does not notice.

Look at
    backprop.html   the microscope on the forward and the backward pass, the update below it, and the way of all steps
    the table       the steps by who computes the gradient and who uses it: every column is the same from top to bottom
    ways            three functions that compute a gradient; only one of them is backprop
    descend         the loop: whoever computes, whoever uses
Change
    lr              0.2: backprop is as right as before, and the descent diverges
    w               2.0, with b = 1.0: the gradient is 0, and a step changes nothing
    points          three of them, not on one line: what is the loss in the end?
"""

from __future__ import annotations

import html
import io
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import optim
from autograd_mini import Value, microscope

STYLE = Path(__file__).with_name("pictures.mplstyle")
POINTS = ((-1.0, -1.0), (2.0, 5.0))  # of the line y = 2 * x + 1
FAR = 1e6  # beyond it a descent has diverged


def main(out="out", *, w=1.0, b=2.5, lr=0.05, points=POINTS, tol=1e-6, steps=1000):
    """Takes one step apart, and all steps by every pair of who computes and who uses; returns the page."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    start, computers, users = (w, b), ways(points), optimizers(lr)
    loss = labelled_loss(w, b, points)
    gradient = computers["backprop"](w, b)
    after = (w - lr * gradient[0], b - lr * gradient[1])
    step = {
        "w": (w, gradient[0], after[0]),
        "b": (b, gradient[1], after[1]),
        "loss": (loss.item(), None, loss_of(*after, points)),
    }
    print("One step of training, in its three parts:")
    print(f"  forward            the loss of w = {w:g}, b = {b:g} is {loss.item():.6g}")
    print(f"  backprop           its gradient is {gradient[0]:.6g} by w and {gradient[1]:.6g} by b; nothing has moved")
    for name in "wb":
        before, slope, then = step[name]
        print(f"  gradient descent   {name} = {before:g} - {lr:g} * {slope:.6g} = {then:.6g}")
    print(f"  The loss is now {step['loss'][2]:.6g}.")

    runs = {
        who: {use: descend(compute, make, start, tol, steps) for use, make in users.items()}
        for who, compute in computers.items()
    }
    print(f"Steps until the gradient is below {tol:g}, by who computes it and who uses it:")
    print(" " * 22 + "".join([f"{use:>18}" for use in users]))
    for who, row in runs.items():
        print(f"  {who:20}" + "".join([f"{counted(path, steps):>18}" for path in row.values()]))
    path = out / "backprop.html"
    picture = drawn(runs["backprop"]["gradient descent"], points)
    path.write_text(page(microscope(loss).html, step, lr, runs, tol, steps, picture), encoding="utf-8")
    return [path]


def loss_of(w, b, points):
    """The squared distances of the points from the line, upwards, added up."""
    return sum([(w * x + b - y) ** 2 for x, y in points])


def labelled_loss(w, b, points):
    """The same out of Values that have names."""
    w, b = Value(w, label="w"), Value(b, label="b")
    squares = []
    for i, (x, y) in enumerate(points, 1):
        product = w * x
        line = product + b
        error = line - y
        squares.append(error**2)
        named = {product: "product", line: "line", error: "error", squares[-1]: "square"}
        for value, name in named.items():
            value.label = f"{name}{i}"
    loss = sum(squares[1:], squares[0])
    loss.label = "loss"
    return loss


# ---------------------------------------------------------------- who computes the gradient, and who uses it


def ways(points):
    """Three functions from w and b to the gradient there."""

    def backprop(w, b):
        """One pass forward, one back, whatever the number of parameters."""
        w, b = Value(w), Value(b)
        loss_of(w, b, points).backward()
        return w.grad, b.grad

    def differences(w, b, h=1e-5):
        """A little to both sides: two passes forward for each parameter."""
        by_w = (loss_of(w + h, b, points) - loss_of(w - h, b, points)) / (2 * h)
        by_b = (loss_of(w, b + h, points) - loss_of(w, b - h, points)) / (2 * h)
        return by_w, by_b

    def by_hand(w, b):
        """The formula that one finds on paper, for this loss and no other."""
        return sum([2 * (w * x + b - y) * x for x, y in points]), sum([2 * (w * x + b - y) for x, y in points])

    return {"backprop": backprop, "finite differences": differences, "formula by hand": by_hand}


def optimizers(lr):
    """Three that use a gradient, wherever it is from."""
    return {
        "gradient descent": lambda parameters: optim.SGD(parameters, lr),
        "momentum": lambda parameters: optim.SGD(parameters, lr, momentum=0.5),
        "Adam": lambda parameters: optim.Adam(parameters, 10 * lr),
    }


def descend(compute, make, start, tol, steps):
    """The points (w, b) on the way until the gradient is below ``tol``: ``compute`` it, and let an optimizer use it."""
    parameters = [Value(number) for number in start]
    optimizer = make(parameters)
    path = [start]
    for _ in range(steps):
        gradient = compute(*path[-1])
        if not tol < np.max(np.abs(gradient)) < FAR:
            break
        for parameter, slope in zip(parameters, gradient, strict=True):
            parameter.grad = slope
        optimizer.step()
        path.append(tuple([parameter.data for parameter in parameters]))
    return path


def counted(path, steps):
    """How many steps a path has, in words if it did not arrive."""
    if len(path) > steps:
        return f"over {steps}"
    return "diverged" if np.max(np.abs(path[-1])) > FAR / 100 else str(len(path) - 1)


# ---------------------------------------------------------------- the page


@rc_context(fname=STYLE)
def drawn(path, points):
    """The landscape of the loss with the steps of gradient descent on it, as SVG."""
    path = np.array(path)
    figure = Figure(figsize=(5.6, 5.2))
    axes = figure.subplots()
    reach = 1.3 * max(1.0, np.abs(path - path[-1]).max()) if np.abs(path).max() < 100 else 100.0
    across = np.linspace(path[-1, 0] - reach, path[-1, 0] + reach, 160)
    up = np.linspace(path[-1, 1] - reach, path[-1, 1] + reach, 160)
    heights = loss_of(*np.meshgrid(across, up), points)
    axes.contour(across, up, heights, np.geomspace(0.05, 1, 9) * heights.max(), colors="0.75", linewidths=0.9)
    axes.plot(*path.T, "o-", color="#0072B2", markersize=4, linewidth=1.2)
    axes.plot(*path[0], "o", color="#D55E00", markersize=9)
    axes.annotate("start", path[0], (8, 6), textcoords="offset points", color="#D55E00")
    axes.plot(*path[-1], "*", color="#009E73", markersize=15)
    axes.set(xlabel="w", ylabel="b", aspect="equal", xlim=across[[0, -1]], ylim=up[[0, -1]])
    before, after = loss_of(*path[0], points), loss_of(*path[-1], points)
    axes.set_title(f"{len(path) - 1} steps take the loss from {before:.4g} to {after:.1g}")
    file = io.StringIO()
    with rc_context({"svg.hashsalt": "backprop"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]


def page(scope, step, lr, runs, tol, steps, picture):
    """What stands on the page: the step in its two parts, and what happens if either is exchanged."""
    (w, by_w, _), (b, by_b, _), (before, _, after) = step.values()
    update = "".join(
        f"<tr><td>{name}<td>{was:g}<td>{slope:.6g}<td>{-lr * slope:+.6g}<td>{then:.6g}"
        for name, (was, slope, then) in list(step.items())[:2]
    )
    heads = "".join(f"<th scope=col>{html.escape(use)}" for use in next(iter(runs.values())))
    rows = "".join(
        f"<tr><th scope=row>{html.escape(who)}" + "".join(f"<td>{counted(path, steps)}" for path in row.values())
        for who, row in runs.items()
    )
    return PAGE.format(
        **{"w": f"{w:g}", "b": f"{b:g}", "lr": f"{lr:g}", "tol": f"{tol:g}", "by_w": f"{by_w:.6g}"},
        **{"by_b": f"{by_b:.6g}", "before": f"{before:.6g}", "after": f"{after:.6g}"},
        **{"update": update, "heads": heads, "rows": rows, "picture": picture, "scope": html.escape(scope)},
    )


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Backprop against gradient descent</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0 auto; max-width: 1240px; padding: 20px 24px 40px; font: 16px/1.55 system-ui, sans-serif;
  background: light-dark(#f5f6f8, #14161a); color: light-dark(#16181d, #eceff4) }}
h1 {{ font-size: 28px; margin: 8px 0 }} h2 {{ font-size: 20px; margin: 32px 0 6px }}
p, ul {{ max-width: 76ch; margin: 8px 0 }}
.parts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 16px; margin: 16px 0 }}
.part {{ background: light-dark(#fff, #1d2026); border-left: 5px solid; border-radius: 6px; padding: 6px 18px 12px }}
.part h2 {{ margin: 8px 0 4px }}
.backprop {{ border-color: #d55e00 }} .descent {{ border-color: #0072b2 }}
table {{ display: block; max-width: 100%; overflow-x: auto; border-collapse: collapse; margin: 10px 0 }}
tr {{ background: light-dark(#fff, #1d2026) }}
th, td {{ padding: 5px 14px; border: 1px solid light-dark(#d5dae1, #353b45); text-align: right;
  font-variant-numeric: tabular-nums }}
th[scope=row], td:first-child {{ text-align: left }}
code {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 14px }}
iframe {{ width: 100%; height: 680px; border: 1px solid light-dark(#d5dae1, #353b45); border-radius: 6px }}
.side {{ display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start }}
.side > div {{ flex: 1 1 380px; min-width: 0 }}
figure {{ margin: 0; flex: 1 1 380px; max-width: 560px }}
figure svg {{ width: 100%; height: auto; background: #fff; border-radius: 6px }}
</style></head><body>
<h1>Backprop against gradient descent</h1>
<p>A line <code>w * x + b</code> is to go through some points. Training it means to repeat one step, and the
step has two halves that are often taken for one.</p>
<div class="parts">
<div class="part backprop"><h2>Backprop computes the gradient</h2>
<ul><li><b>asks</b> how the loss changes if w or b changes a little
<li><b>needs</b> the graph of one forward pass
<li><b>gives</b> a number for each parameter: here {by_w} for w and {by_b} for b
<li><b>leaves</b> every parameter where it was, and knows no learning rate</ul></div>
<div class="part descent"><h2>Gradient descent uses it</h2>
<ul><li><b>asks</b> where to go from here
<li><b>needs</b> a gradient, from wherever, and a learning rate: here {lr}
<li><b>gives</b> new parameters, a small step against the gradient
<li><b>leaves</b> the graph alone: it does not know that there is one</ul></div>
</div>
<h2>1. Forward, then backprop</h2>
<p>The arrow keys, or the buttons at the bottom, step through the numbers from w = {w} and b = {b} up to the loss, which
is {before}, and then back through every <code>grad += upstream * local</code>. Both w and b are used by every point,
so their gradients are sums. At the end w and b are still {w} and {b}.</p>
<iframe sandbox="allow-scripts" title="The microscope on one forward and one backward pass" srcdoc="{scope}"></iframe>
<h2>2. Gradient descent: the update</h2>
<div class="side"><div>
<p>Each parameter moves by the learning rate times its gradient, downhill. All that is left of the graph is one number
for each of them.</p>
<table><tr><th scope=col>parameter<th scope=col>was<th scope=col>gradient<th scope=col>&minus; {lr} &times; gradient
<th scope=col>is{update}</table>
<p>The loss goes from {before} to <b>{after}</b>. Then it begins anew, at the new w and b: forward, backprop, update.
The gradient of the last step is worth nothing there, which is why <code>zero_grad()</code> comes first.</p>
</div><figure>{picture}</figure></div>
<h2>3. Each can be exchanged, and the other does not notice</h2>
<p>Steps until the gradient is below {tol}. Down a column the gradient is computed in other ways, and nothing changes;
along a row the same gradients are used in other ways, and the way down is another.</p>
<table><tr><td><b>computed by &darr;, used by &rarr;</b>{heads}{rows}</table>
<p>So why backprop? Finite differences need two forward passes for every parameter, and are not exact; a formula by hand
is for one loss only. Backprop needs one pass forward and one back, for two parameters or for a billion.</p>
</body></html>
"""


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
