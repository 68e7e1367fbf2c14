// Marks the user's own gradients as check_by_hand does: by the digits written, and with errors carried forward.
"use strict";

const FINEST = 1e-6; // of the number: however many digits there are, a computation differs in the last of them
const FEWEST = 3; // significant digits that a whole number is taken to have

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
    gradient: array(like.dtype, like.shape, read.map((each) => each.number)),
    halves: read.map((each) => each.half),
  };
}

function agrees(gradient, halves, expected) {
  return gradient.data.every((yours, i) => {
    const theirs = expected.data[i];
    if (!Number.isFinite(yours) || !Number.isFinite(theirs)) return Object.is(yours, theirs);
    return Math.abs(yours - theirs) <= halves[i] + FINEST * Math.abs(theirs);
  });
}

// For each gradient given, in backward order: {value, status, expected, actual}. `given` maps a value to what was read.
function marked(record, data, given) {
  const actual = backwardPass(record, data).gradients;
  const yours = new Map([...given].map(([value, read]) => [value, read.gradient]));
  const expected = backwardPass(record, data, yours).gradients;
  const order = [...given.keys()].sort((a, b) => b - a);
  return order.map((value) => {
    const { gradient, halves } = given.get(value);
    let status = "WRONG";
    if (agrees(gradient, halves, actual.get(value))) status = "ok";
    else if (agrees(gradient, halves, expected.get(value))) status = "carried";
    return { value, status, expected: expected.get(value), actual: actual.get(value) };
  });
}
