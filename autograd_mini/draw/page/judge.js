// Marks the user's own gradients as check_by_hand does: by the digits written, and with errors carried forward.
"use strict";

const FINEST = 1e-6; // of the number: however many digits there are, a computation differs in the last of them
const FEWEST = 3; // significant digits that a whole number is taken to have
const PRECISION = { float: 1e-12, float64: 1e-12, float32: 1e-5, float16: 1e-2 }; // relative to the terms of a sum

// What was written as {number, half}, half being half a unit of the last digit; null if it is no number.
function readNumber(text) {
  const plain = text.trim().replace("\u2212", "-");
  const fraction = /^([+-]?\d+)\s*\/\s*(\d+)$/.exec(plain);
  if (fraction && Number(fraction[2]) !== 0) return written(Number(fraction[1]) / Number(fraction[2]), 0);
  if (/^[+-]?(nan|inf)$/i.test(plain)) return written(Number(plain.toLowerCase().replace("inf", "Infinity")), 0);
  const parts = /^[+-]?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(plain);
  if (!parts || parts[1] + parts[2] === "") return null;
  const number = Number(plain);
  if (/^[+-]?\d+$/.test(plain)) return written(number, halfOfWhole(number));
  return written(number, 0.5 * 10 ** (Number(parts[3] ?? 0) - parts[2].length));
}

function written(number, half) {
  return { number, half: Math.max(half, Number.isFinite(number) ? FINEST * Math.abs(number) : 0) };
}

function halfOfWhole(number) {
  if (number === 0) return 0;
  const digits = String(Math.abs(number)).replace(/0+$/, "").length;
  return 0.5 * 10 ** (Math.floor(Math.log10(Math.abs(number))) + 1 - Math.max(digits, FEWEST));
}

// A number, or nested lists of them in the shape of `like`: {gradient, halves} or {error}.
function readGradient(text, like) {
  const numbers = text.split(/[[\]\s,;]+/).filter((word) => word !== "");
  const read = numbers.map(readNumber);
  const bad = read.indexOf(null);
  if (numbers.length === 0) return { error: "Write a number, such as -0.0027, 2.5e-3 or -4/9." };
  if (bad >= 0) return { error: `${numbers[bad]} is no number; write digits, as -0.0027, 2.5e-3 or -4/9.` };
  const size = like.data.length;
  if (read.length !== size) {
    const wanted = size === 1 ? "one number is needed" : `${size} are needed, for shape ${shapeText(like.shape)}`;
    return { error: `You gave ${plural(read.length, "number")}; ${wanted}.` };
  }
  return {
    gradient: array(
      like.dtype,
      like.shape,
      read.map((each) => each.number),
    ),
    halves: read.map((each) => each.half),
  };
}

// True if no element differs by more than is allowed; nan agrees with nan, and inf with inf.
function agrees(yours, other, allowed) {
  return yours.data.every((x, i) => {
    const y = other.data[i];
    const room = Number.isFinite(allowed[i]) ? allowed[i] : 0;
    return Math.abs(x - y) <= room * (1 + 1e-9) || Object.is(x, y) || x === y;
  });
}

// How far one use can shift its operand's gradient if each element of the consumer's is shifted by `bound`.
function magnitude(record, data, step, bound) {
  const rule = record.rules[step.rule];
  if (rule.amount === null) return likeData(data[step.operand], 0).data; // the page cannot compute it
  const leaf = leavesOf(record, data, step, bound);
  if (rule.local !== null) {
    const shifted = FORWARD.mul(FORWARD.abs(evaluate(rule.local, leaf)), bound);
    return unbroadcast(shifted, data[step.operand].shape).data;
  }
  const plain = (name) => (rule.linear && typeof name === "number" ? FORWARD.abs(leaf(name)) : leaf(name));
  return FORWARD.abs(evaluate(rule.amount, plain)).data;
}

// The walk from the loss to the leaves, on which each value finds out what its gradient may be off by. For each
// gradient given, in that order: {value, status, expected, actual}. `given` maps a value to what was read.
function marked(record, data, uses, given) {
  if (given.size === 0) return [];
  const actual = backwardPass(record, data).gradients;
  const yours = new Map([...given].map(([value, read]) => [value, read.gradient]));
  const expected = backwardPass(record, data, yours).gradients;
  const rounding = new Map(); // how far the user's gradient, before it was rounded for writing, may be from this one
  const size = new Map(); // how large the terms are that the gradient is a sum of
  const off = new Set(); // their gradient in use is not the true one
  const marks = [];
  for (let i = record.values.length - 1; i >= 0; i--) {
    if (!expected.has(i)) continue;
    const like = data[i];
    const shift = (bounds) => sumOfUses(record, data, uses[i], bounds, like);
    const carriedRounding = shift(rounding);
    size.set(i, i === record.values.length - 1 ? likeData(like, 1) : shift(size));
    rounding.set(i, carriedRounding);
    const floor = size.get(i).data.map((x) => PRECISION[like.dtype] * x);
    const follows = uses[i].some((at) => off.has(record.steps[at].consumer)); // from an earlier slip
    if (!given.has(i)) {
      if (follows && !agrees(expected.get(i), actual.get(i), floor)) off.add(i);
      continue;
    }
    const { gradient, halves } = given.get(i);
    const allowed = halves.map((half, e) => half + carriedRounding.data[e] + floor[e]);
    let status = "ok";
    if (agrees(gradient, actual.get(i), allowed)) {
      const apart = gradient.data.map((x, e) => finite(Math.abs(x - actual.get(i).data[e])));
      rounding.set(i, array(like.dtype, like.shape, follows ? apart.map((x, e) => Math.max(x, halves[e])) : apart));
      const written = halves.map((half, e) => half + floor[e]);
      if (follows && !agrees(gradient, actual.get(i), written)) off.add(i); // right as far as the rounding lets one see
    } else {
      rounding.set(i, array(like.dtype, like.shape, halves));
      off.add(i);
      status = follows && agrees(gradient, expected.get(i), allowed) ? "carried" : "WRONG";
    }
    marks.push({ value: i, status, expected: expected.get(i), actual: actual.get(i) });
  }
  return marks;
}

function sumOfUses(record, data, uses, bounds, like) {
  const total = likeData(like, 0);
  for (const at of uses) {
    const step = record.steps[at];
    magnitude(record, data, step, bounds.get(step.consumer)).forEach((x, i) => (total.data[i] += x));
  }
  return total;
}

function finite(x) {
  return Number.isFinite(x) ? x : 0;
}
