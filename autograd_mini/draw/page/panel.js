// The cards beside the graph: the step at hand, the selected value with its ledger, and the user's marked gradients.
"use strict";

const MOST_MEMBERS = 1000; // of a box, that a menu lists
const MOST_NUMBERS = { rows: 12, columns: 8 }; // of an array that is shown number by number

// An element with attributes and children; strings become text, never markup.
function element(tag, attributes = {}, ...children) {
  const result = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) result.addEventListener(name.slice(2), value);
    else if (value !== null) result.setAttribute(name, value);
  }
  result.append(...children.filter((child) => child !== null));
  return result;
}

// ------------------------------------------------------------ the step

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
  return {
    phase: "The leaves",
    title: [leaves === 1 ? "1 leaf" : `${leaves.toLocaleString("en")} leaves`, ", and what is computed from them"],
    lines: [],
    note: "Press → to compute the first value. After the forward pass the gradients flow back.",
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
    change: [name, before ? dataText(before) : "0", dataText(after)],
    count: uses.length > 1 ? `use ${uses.indexOf(at) + 1} of ${uses.length}: the gradients of all uses add up` : null,
    since,
    array: isScalar(amount) ? null : amount,
    element: isScalar(amount) ? null : elementText(scene, at),
    spoken: `Backward: ${name} += ${formula} = ${outcome}, from ${before ? dataText(before) : "0"} to ${dataText(after)}`,
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

// The upstream gradient and the local derivative, each with its name and number.
function partsOf({ record, data, run }, at) {
  const step = record.steps[at];
  const { upstream } = run.steps[at];
  const parts = [["upstream", gradientName(record, step.consumer), dataText(upstream)]];
  const local = localOf(record, data, step);
  if (local !== null) {
    const name = derivativeName(record.values[step.consumer].name, record.values[step.operand].name);
    parts.push(["local", name, dataText(local)]);
  }
  return parts;
}

// One element of an array's contribution, the largest, written out where the op works element by element.
function elementText({ record, data, run }, at) {
  const { upstream, amount } = run.steps[at];
  const local = localOf(record, data, record.steps[at]);
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
  return stridesOf(shape).map((stride, axis) => Math.floor(at / stride) % shape[axis]).join(", ");
}

// `hidden` leaves out what is to be predicted.
function stepCard(scene, said, hidden, act) {
  const title = said.title.map((part) => (typeof part === "number" ? valueLink(scene, part, act) : part));
  const heading = element("h2", {}, element("span", { class: `phase ${said.phase.toLowerCase()}` }, said.phase), " ", ...title);
  if (hidden) return [heading];
  const quiet = [said.count, said.since, said.note].filter((text) => text);
  return [
    heading,
    said.lines.length ? element("div", { class: "formula" }, ...said.lines.flatMap(formulaLine)) : null,
    said.parts ? element("div", { class: "parts" }, ...said.parts.map(partChip)) : null,
    said.change ? changeRow(said.change) : null,
    ...quiet.map((text) => element("p", { class: "quiet" }, text)),
    said.array ? arrayTable(said.array) : null,
    said.element ? element("p", { class: "mono quiet" }, said.element) : null,
  ].filter((part) => part !== null);
}

function valueLink(scene, i, act) {
  const go = { type: "button", class: "link", title: "Select it", onclick: () => act.select(i) };
  return element("button", go, scene.record.values[i].name);
}

function formulaLine([name, sign, text], row) {
  return [
    element("span", { class: "lhs" }, name),
    element("span", { class: "sign" }, sign),
    element("span", { class: row === 2 ? "rhs outcome" : "rhs" }, text),
  ];
}

function partChip([role, name, number]) {
  return element("div", { class: `chip ${role}` }, element("small", {}, role), element("span", {}, `${name} = ${number}`));
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

// ------------------------------------------------------------ the selected value

// `known(i)` is what is known at this step; `act` has what the user can do: edit, reset, give, select, goTo.
function valueCard(scene, i, shared, known, act) {
  const { record } = scene;
  const value = record.values[i];
  const { data, gradient } = known(i);
  const hasGradient = value.kind !== "constant";
  return [
    element(
      "h2",
      {},
      element("span", { class: "mono" }, value.name),
      " ",
      element("small", {}, kindText(value)),
      element("button", { type: "button", class: "close", title: "Select nothing (Esc)", "aria-label": "Select nothing", onclick: () => act.select(null) }, "×"),
    ),
    shared.length ? memberMenu(scene, i, shared, act) : null,
    value.scope ? element("p", { class: "quiet" }, `computed in ${value.scope}`) : null,
    arrayRow("data", data),
    hasGradient ? arrayRow(gradientName(record, i), gradient) : null,
    isEditable(value) ? editForm(scene, i, act) : null,
    hasGradient ? ledger(scene, i, act) : null,
    hasGradient ? whyThisGradient(scene, i, act) : null,
    hasGradient ? handForm(scene, i, act) : null,
  ].filter((part) => part !== null);
}

// Which of the values in a box of many is shown.
function memberMenu(scene, i, shared, act) {
  const options = shared.slice(0, MOST_MEMBERS).map((j) => {
    const option = element("option", { value: j }, scene.record.values[j].name);
    option.selected = j === i;
    return option;
  });
  const menu = element("select", { "aria-label": "Value in this box" }, ...options);
  menu.addEventListener("change", () => act.select(Number(menu.value)));
  return element("p", {}, menu, ` of ${plural(shared.length, "value")} in this box`);
}

function kindText(value) {
  const shape = value.shape.length ? ` ${shapeText(value.shape)} ${value.dtype}` : "";
  return (value.kind === "value" ? `result of ${value.symbol}` : value.plain ? "plain number" : value.kind) + shape;
}

function isEditable(value) {
  return value.kind !== "value" && !value.plain;
}

function arrayRow(name, x) {
  const row = element("div", { class: "row" }, element("span", { class: "mono name" }, name));
  if (x === null) row.append(element("span", { class: "quiet" }, "not yet"));
  else if (isScalar(x)) row.append(element("span", { class: "mono" }, shortNumber(x.data[0])));
  else row.append(element("span", { class: "mono" }, rangeText(x.data)), arrayTable(x));
  return row;
}

// Small arrays number by number, on the colours of a heat map; large ones as the heat map alone.
function arrayTable(x) {
  const columns = x.shape.at(-1);
  const rows = columns ? x.data.length / columns : 0;
  if (rows > MOST_NUMBERS.rows || columns > MOST_NUMBERS.columns) {
    const map = svg("svg", { class: "large-map", viewBox: "0 0 320 120", role: "img", "aria-label": `heat map of ${shapeText(x.shape)}` });
    map.append(heatMap(x, 320, 120, { rows: 24, columns: 64 }));
    return map;
  }
  const largest = largestOf([x]) || 1;
  const cells = (row) => x.data.slice(row * columns, (row + 1) * columns).map((e) => numberCell(e, largest));
  return element("table", { class: "numbers" }, ...Array.from({ length: rows }, (_, row) => element("tr", {}, ...cells(row))));
}

function numberCell(e, largest) {
  const cell = element("td", { class: e < 0 ? "negative" : "positive" }, shortNumber(e));
  cell.style.setProperty("--strength", Number.isFinite(e) ? Math.sqrt(Math.abs(e) / largest).toFixed(3) : 0);
  return cell;
}

function editForm(scene, i, act) {
  const x = scene.data[i];
  const where = element("input", { class: "index", value: "0", size: 5, "aria-label": "Index of the element", title: "Index of the element" });
  if (!isScalar(x)) where.value = indexText(x.shape, 0);
  const number = element("input", { id: "edit", inputmode: "decimal", value: String(x.data[0]), size: 10, "aria-label": `New number for ${scene.record.values[i].name}` });
  where.addEventListener("input", () => {
    const at = positionOf(where.value, x.shape);
    if (at !== null) number.value = String(x.data[at]);
  });
  const submit = (event) => {
    event.preventDefault();
    const at = isScalar(x) ? 0 : positionOf(where.value, x.shape);
    const read = readNumber(number.value);
    const problem = at === null ? `There is no element [${where.value}] in shape ${shapeText(x.shape)}.` : read ? null : `${number.value || "Nothing"} is no number.`;
    if (problem) act.say(event.target, problem);
    else act.edit(i, at, read.number);
  };
  return element(
    "form",
    { class: "edit", onsubmit: submit },
    element("span", {}, "Try another number"),
    isScalar(x) ? null : where,
    number,
    element("button", { type: "submit" }, "Set"),
    scene.edited.has(i) ? element("button", { type: "button", onclick: () => act.reset(i) }, "As it was") : null,
    element("p", { class: "problem", role: "alert" }),
  );
}

// The position in C order of an index as text, "0, 2"; null if there is none.
function positionOf(text, shape) {
  const index = text.split(/[\s,[\]]+/).filter((word) => word !== "").map(Number);
  if (index.length !== shape.length) return null;
  if (index.some((n, axis) => !Number.isInteger(n) || n < 0 || n >= shape[axis])) return null;
  const strides = stridesOf(shape);
  return index.reduce((sum, n, axis) => sum + n * strides[axis], 0);
}

// One row a use, in the order of the backward pass; what is still to come is said to be.
function ledger(scene, i, act) {
  const { record, uses, run } = scene;
  const name = gradientName(record, i);
  if (i === record.values.length - 1) return element("p", { class: "quiet" }, `${name} = 1: the backward pass begins here.`);
  const head = ["used by", "formula", "adds", "total"].map((text) => element("th", {}, text));
  const rows = uses[i].map((at) => {
    const done = at < scene.shownSteps;
    const [formula] = contributionTexts(scene, at);
    const { amount, after } = run.steps[at];
    const step = { type: "button", class: "link", title: "Go to this step", onclick: () => act.goToStep(at) };
    const go = element("button", step, record.values[record.steps[at].consumer].name);
    const cells = done ? [formula, dataText(amount), dataText(after)] : [formula, "–", "–"];
    const current = at === scene.shownSteps - 1;
    return element("tr", { class: `${done ? "" : "later"} ${current ? "current" : ""}` }, element("td", {}, go), ...cells.map((text) => element("td", { class: "mono" }, text)));
  });
  return element(
    "div",
    { class: "ledger" },
    element("h3", {}, `Ledger of ${name}: ${plural(rows.length, "use")}`),
    element("div", { class: "wide" }, element("table", {}, element("tr", {}, ...head), ...rows)),
  );
}

function whyThisGradient(scene, i, act) {
  const details = element("details", { class: "why" }, element("summary", {}, "Why this gradient?"));
  const fill = () => {
    if (details.open) details.replaceChildren(details.firstChild, ...pathRows(scene, i));
    act.whyOpen(details.open);
  };
  details.open = act.isWhyOpen();
  if (details.open) fill();
  details.addEventListener("toggle", fill);
  return details;
}

function pathRows(scene, i) {
  const { record, run } = scene;
  const { paths, total } = pathsTo(record, scene.uses, scene.slopes(), i);
  const all = paths.length === total;
  const intro = all
    ? `${plural(total, "path")} from the loss${total > 1 ? "; their products add up" : ""}:`
    : `The ${paths.length} weightiest of ${total < 1e15 ? total.toLocaleString("en") : total.toExponential(1)} paths from the loss:`;
  const rows = paths.map(({ steps, product }) => {
    const names = [record.values.at(-1).name, ...steps.map((at) => record.values[record.steps[at].operand].name)];
    const factors = steps.map((at) => scene.slopes()[at]);
    const said = product === null ? "a product of matrices" : `${cutMiddle(factors.map(shortFactor)).join(" * ") || "1"} = ${shortNumber(product)}`;
    return element("li", {}, element("div", { class: "mono" }, cutMiddle(names).join(" → ")), element("div", { class: "mono quiet" }, said));
  });
  const sum = paths.every((path) => path.product !== null) ? paths.reduce((total, path) => total + path.product, 0) : null;
  const foot = sum === null ? null : element("p", { class: "mono" }, `sum${all ? "" : " of these"} = ${shortNumber(sum)}${all ? "" : `, all: ${dataText(run.gradients.get(i))}`}`);
  return [element("p", { class: "quiet" }, intro), element("ol", {}, ...rows), foot].filter((part) => part !== null);
}

function shortFactor(x) {
  const text = shortNumber(x);
  return text.startsWith("-") ? `(${text})` : text;
}

function cutMiddle(parts) {
  return parts.length <= 10 ? parts : [...parts.slice(0, 4), `… ${parts.length - 8} more …`, ...parts.slice(-4)];
}

// ------------------------------------------------------------ the user's own gradients

function handForm(scene, i, act) {
  const given = scene.given.get(i);
  const input = element("input", {
    id: "hand",
    value: given ? given.text : "",
    size: 12,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: isScalar(scene.data[i]) ? "such as -0.0027" : "row by row",
    "aria-label": `Your gradient of ${scene.record.values[i].name}`,
  });
  const submit = (event) => {
    event.preventDefault();
    act.give(i, input.value, event.target);
  };
  const status = given ? scene.marks.find((mark) => mark.value === i).status : null;
  return element(
    "form",
    { class: "hand", onsubmit: submit },
    element("span", {}, "Your own gradient"),
    input,
    element("button", { type: "submit" }, "Mark it"),
    given ? element("button", { type: "button", onclick: () => act.give(i, "", null) }, "Take back") : null,
    status ? markBadge(status) : null,
    element("p", { class: "problem", role: "alert" }),
  );
}

function markBadge(status) {
  return element("b", { class: `mark ${status.toLowerCase()}` }, status);
}

function marksCard(scene, act) {
  const { record, marks, given } = scene;
  if (marks.length === 0) return [];
  const right = marks.filter((mark) => mark.status === "ok").length;
  const rows = marks.map(({ value, status, expected, actual }) => {
    const numbers = status === "ok" ? ["", ""] : [dataText(expected), dataText(actual)];
    return element(
      "tr",
      {},
      element("td", {}, valueLink(scene, value, act)),
      element("td", {}, markBadge(status)),
      element("td", { class: "mono" }, dataText(given.get(value).gradient)),
      ...numbers.map((text) => element("td", { class: "mono" }, text)),
    );
  });
  const head = ["", "", "yours", "from yours", "true"].map((text) => element("th", {}, text));
  return [
    element("h2", {}, `Your gradients: ${right} of ${marks.length} right`),
    element("div", { class: "wide" }, element("table", {}, element("tr", {}, ...head), ...rows)),
  ];
}
