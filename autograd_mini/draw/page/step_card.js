// The card of the step at hand: what it computes, as a formula with names, with numbers, and what comes of it.
"use strict";

const LONGEST_BESIDE = 18; // characters of a name that stands beside its formula

// What there is to say of step `position`: {phase, title, lines, parts, change, since, spoken, answer}.
function describe(scene, position) {
  const { record, forwardSteps } = scene;
  if (position === 0) return describeBeginning(scene);
  if (position <= forwardSteps.length) return describeForward(scene, forwardSteps[position - 1]);
  if (position === forwardSteps.length + 1) return describeSeed(scene);
  return describeContribution(scene, position - forwardSteps.length - 2);
}

function describeBeginning({ record }) {
  const leaves = record.values.filter((value) => value.kind === "leaf").length;
  const isAlone = record.values.length === 1;
  const text = `, and what is computed from ${leaves === 1 ? "it" : "them"}`;
  const note = "Press → to compute the first value. After the forward pass the gradients flow back.";
  return {
    phase: "The leaves",
    title: [leaves === 1 ? "1 leaf" : `${leaves.toLocaleString("en")} leaves`, isAlone ? "" : text],
    lines: [],
    note: isAlone ? "It is the loss itself. Press → for its gradient." : note,
    spoken: "The beginning: only the leaves have numbers.",
  };
}

function describeForward({ record, data }, i) {
  const value = record.values[i];
  const form = record.forms[value.form];
  const result = data[i];
  const numbers = fillIn(form, numberedBy(record, i, data, null));
  const outcome = isScalar(result) ? shortNumber(result.data[0]) : shapeText(result.shape);
  return {
    phase: "Forward",
    title: [i],
    note: value.scope ? `computed in ${value.scope}` : null,
    lines: [
      [value.name, "=", fillIn(form, namedBy(record, i))],
      ["", "=", numbers],
      ["", "=", outcome],
    ],
    array: isScalar(result) ? null : result,
    spoken: `Forward: ${value.name} = ${fillIn(form, namedBy(record, i))} = ${outcome}`,
    answer: result,
    question: `What is ${value.name}?`,
  };
}

function describeSeed({ record, run }) {
  const root = record.values.length - 1;
  const name = gradientName(record, root);
  return {
    phase: "Backward",
    title: [root, ": where it begins"],
    lines: [[name, "=", "1"]],
    note: "By itself the loss changes one for one. From here each step sends one gradient along one edge.",
    spoken: `Backward begins: ${name} = 1`,
    answer: run.gradients.get(root),
    question: `What is ${name}?`,
  };
}

function describeContribution(scene, at) {
  const { record, run } = scene;
  const step = record.steps[at];
  const { upstream, amount, before, after } = run.steps[at];
  const [formula, numbers, since] = contributionTexts(scene, at);
  const name = gradientName(record, step.operand);
  const was = before ? dataText(before) : "0";
  const outcome = isScalar(amount) ? shortNumber(amount.data[0]) : shapeText(amount.shape);
  const uses = scene.uses[step.operand];
  const consumer = record.values[step.consumer];
  return {
    phase: "Backward",
    title: [step.consumer, " → ", step.operand, `  through ${consumer.symbol}`],
    lines: [
      [name, "+=", formula],
      ["", "+=", numbers],
      ["", "+=", outcome],
    ],
    parts: partsOf(scene, at),
    change: [name, was, dataText(after)],
    count: uses.length > 1 ? `use ${uses.indexOf(at) + 1} of ${uses.length}: the gradients of all uses add up` : null,
    since,
    array: isScalar(amount) ? null : amount,
    element: isScalar(amount) ? null : elementText(scene, at),
    spoken: `Backward: ${name} += ${formula} = ${outcome}, from ${was} to ${dataText(after)}`,
    answer: amount,
    question: `What does ${consumer.name} add to ${name}?`,
  };
}

// The formula of a contribution with names, with numbers, and the condition it was chosen by.
function contributionTexts({ record, data, run }, at) {
  const step = record.steps[at];
  const { upstream } = run.steps[at];
  const [text, since] = record.rules[step.rule].texts[branchOf(record, data, step, upstream)];
  const named = namedBy(record, step.consumer);
  const numbered = numberedBy(record, step.consumer, data, upstream);
  const reason = since && `since ${fillIn(since, named)}: ${fillIn(since, numbered)}`;
  return [fillIn(text, named), fillIn(text, numbered), reason];
}

// The upstream gradient and the local derivative, each with its name and number, the latter with its formula.
function partsOf({ record, data, run }, at) {
  const step = record.steps[at];
  const { upstream } = run.steps[at];
  const parts = [["upstream", gradientName(record, step.consumer), dataText(upstream)]];
  const local = localOf(record, data, step);
  if (local !== null) {
    const name = derivativeName(record.values[step.consumer].name, record.values[step.operand].name);
    const [formula] = record.rules[step.rule].locals[branchOf(record, data, step, upstream)];
    const written = fillIn(formula, namedBy(record, step.consumer));
    const number = dataText(local);
    parts.push(["local", name, written === number ? number : `${written} = ${number}`]);
  }
  return parts;
}

// One element of an array's contribution, the largest, written out where the op works element by element.
function elementText({ record, data, run }, at) {
  const { upstream, amount } = run.steps[at];
  const local = localOf(record, data, record.steps[at]);
  if (amount.data.length === 0) return null;
  const i = indexOfLargest(amount);
  const index = indexText(amount.shape, i);
  const fits = local !== null && sameShape(upstream.shape, amount.shape);
  if (!fits) return `largest: [${index}] ${shortNumber(amount.data[i])}`;
  const factor = broadcastTo(local, amount.shape).data[i];
  return `[${index}]: ${shortNumber(upstream.data[i])} * ${shortNumber(factor)} = ${shortNumber(amount.data[i])}`;
}

function indexOfLargest(x) {
  let found = 0;
  x.data.forEach((e, i) => {
    if (Math.abs(e) > Math.abs(x.data[found])) found = i;
  });
  return found;
}

function indexText(shape, at) {
  return stridesOf(shape)
    .map((stride, axis) => Math.floor(at / stride) % shape[axis])
    .join(", ");
}

// `hidden` leaves out what is to be predicted.
function stepCard(scene, said, hidden, act) {
  const title = said.title.map((part) => (typeof part === "number" ? valueLink(scene, part, act) : part));
  const phase = element("span", { class: `phase ${said.phase.toLowerCase()}` }, said.phase);
  const heading = element("h2", {}, phase, " ", ...title);
  if (hidden) return [heading];
  const quiet = [said.count, said.since, said.note].filter((text) => text);
  return [
    heading,
    said.lines.length ? formulaOf(said.lines) : null,
    said.parts ? element("div", { class: "parts" }, ...said.parts.map(partChip)) : null,
    said.change ? changeRow(said.change) : null,
    ...quiet.map((text) => element("p", { class: "quiet" }, text)),
    said.array ? arrayTable(said.array) : null,
    said.element ? element("p", { class: "mono quiet" }, said.element) : null,
  ].filter((part) => part !== null);
}

// A long name has a line of its own, so that it is broken only where the card is narrower.
function formulaOf(lines) {
  const isLong = lines[0][0].length > LONGEST_BESIDE;
  return element("div", { class: isLong ? "formula long" : "formula" }, ...lines.flatMap(formulaLine));
}

function formulaLine([name, sign, text], row) {
  return [
    element("span", { class: "lhs" }, name),
    element("span", { class: "sign" }, sign),
    element("span", { class: row === 2 ? "rhs outcome" : "rhs" }, text),
  ];
}

function partChip([role, name, number]) {
  return element(
    "div",
    { class: `chip ${role}` },
    element("small", {}, role),
    element("span", {}, `${name} = ${number}`),
  );
}

function changeRow([name, before, after]) {
  return element(
    "p",
    { class: "change" },
    element("span", { class: "mono" }, name),
    element("span", { class: "mono before" }, before),
    "→",
    element("span", { class: "mono after" }, after),
  );
}
