// Numbers, names and formulas as text. The formulas themselves come from Python, with places for names and numbers.
"use strict";

// How tightly things bind, as in notation.py: a place says what it needs, and what binds less is put in brackets.
const BINDS = { choice: 0, minus: 4, power: 5, atom: 6 };

// Four significant digits, as Python's f"{x:.4g}".
function shortNumber(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return "0";
  if (/\.\d\d[02468]50*e/.test(x.toExponential(20))) x *= 1 - Number.EPSILON; // a half goes to the even digit there
  const [mantissa, power] = x.toExponential(3).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 4) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${withoutZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  return withoutZeros(x.toFixed(3 - exponent));
}

function withoutZeros(digits) {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}

function isScalar(x) {
  return x.shape.length === 0;
}

function shapeText(shape) {
  return `(${shape.join("×")}${shape.length === 1 ? "," : ""})`;
}

// One number, a few elements, or the smallest … the largest.
function dataText(x) {
  if (isScalar(x)) return shortNumber(x.data[0]);
  if (x.data.length === 0) return "[]";
  if (x.shape.length === 1 && x.data.length <= 3) return `[${x.data.map(shortNumber).join(", ")}]`;
  return rangeText(x.data);
}

function rangeText(numbers) {
  let low = Infinity;
  let high = -Infinity;
  for (const x of numbers) {
    if (Number.isNaN(x)) return "has nan";
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return low === high ? shortNumber(low) : `${shortNumber(low)} … ${shortNumber(high)}`;
}

function plural(n, thing) {
  return `${n.toLocaleString("en")} ${thing}${n === 1 ? "" : "s"}`;
}

// ------------------------------------------------------------ names

function isWord(name) {
  return /^[\p{L}\p{N}_.#']+$/u.test(name);
}

function asWord(name) {
  return isWord(name) ? name : `(${name})`;
}

function derivativeName(of, by) {
  return `d${asWord(of)}/d${asWord(by)}`;
}

function gradientName(record, i) {
  return derivativeName(record.values.at(-1).name, record.values[i].name);
}

// ------------------------------------------------------------ formulas

// Each place ⟨key:least⟩ of a formula filled with what `answer` has for the key: its text, and how tightly it binds.
function fillIn(formula, answer) {
  return formula.replace(/⟨(\w+):(\d)⟩/g, (_, key, least, offset) => {
    const [text, binds] = answer(key);
    const needed = formula[offset - 1] === "-" ? BINDS.power : Number(least);
    return binds < needed ? `(${text})` : text;
  });
}

function namedBy(record, consumer) {
  return (key) => {
    if (key === "g") return [gradientName(record, consumer), BINDS.minus];
    const name = record.values[key === "z" ? consumer : record.values[consumer].operands[key]].name;
    return [name, isWord(name) ? BINDS.atom : BINDS.choice];
  };
}

function numberedBy(record, consumer, data, upstream) {
  return (key) => {
    const x = key === "g" ? upstream : data[key === "z" ? consumer : record.values[consumer].operands[key]];
    const text = isScalar(x) ? shortNumber(x.data[0]) : shapeText(x.shape);
    return [text, text.startsWith("-") ? BINDS.minus : BINDS.atom];
  };
}

// Which of a rule's texts applies: there is one for each combination of its conditions, all true first.
function branchOf(record, data, step, upstream) {
  const leaf = leavesOf(record, data, step, upstream);
  return record.rules[step.rule].conditions.reduce((at, tree) => 2 * at + (evaluate(tree, leaf).data[0] ? 0 : 1), 0);
}
