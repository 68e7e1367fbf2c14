// The cards of the selected value, with its ledger and its paths, and of the user's own gradients.
"use strict";

const MOST_MEMBERS = 1000; // of a box, that a menu lists

// `known(i)` is what is known at this step; `act` has what the user can do: edit, reset, give, select, goTo.
function valueCard(scene, i, shared, known, act) {
  const { record } = scene;
  const value = record.values[i];
  const { data, gradient } = known(i);
  const hasGradient = value.kind !== "constant";
  const close = { type: "button", class: "close", "aria-label": "Select nothing", onclick: () => act.select(null) };
  return [
    element(
      "h2",
      {},
      element("span", { class: "mono" }, value.name),
      " ",
      element("small", {}, kindText(value)),
      element("button", close, "×"),
    ),
    shared.length ? memberMenu(scene, i, shared, act) : null,
    value.scope ? element("p", { class: "quiet" }, `computed in ${value.scope}`) : null,
    arrayRow("data", data),
    hasGradient ? arrayRow(gradientName(record, i), gradient) : null,
    isEditable(value) ? editForm(scene, i, act) : null,
    hasGradient && sizeOf(value.shape) ? handForm(scene, i, act) : null,
    hasGradient ? ledger(scene, i, act) : null,
    hasGradient ? whyThisGradient(scene, i, act) : null,
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
  return value.kind !== "value" && !value.plain && sizeOf(value.shape) > 0;
}

function editForm(scene, i, act) {
  const { frozen } = scene.record;
  if (frozen.length) {
    const reason = `No number can be changed here: the page cannot compute ${frozen.join(", ")} anew.`;
    return element("p", { class: "quiet" }, reason);
  }
  const x = scene.data[i];
  const where = element("input", { class: "index", size: 5, "aria-label": "Index of the element" });
  where.value = indexText(x.shape, 0);
  const number = element("input", { id: "edit", inputmode: "decimal", size: 10 });
  number.setAttribute("aria-label", `New number for ${scene.record.values[i].name}`);
  number.value = String(x.data[0]);
  where.addEventListener("input", () => {
    const at = positionOf(where.value, x.shape);
    if (at !== null) number.value = String(x.data[at]);
  });
  const submit = (event) => {
    event.preventDefault();
    const at = positionOf(where.value, x.shape);
    const read = readNumber(number.value);
    if (at === null) act.say(event.target, `There is no element [${where.value}] in shape ${shapeText(x.shape)}.`);
    else if (number.value.trim() === "") act.say(event.target, "Write a number, such as -0.0027.");
    else if (read === null) act.say(event.target, `${number.value} is no number.`);
    else act.edit(i, at, read.number);
  };
  return element(
    "form",
    { class: "edit", tabindex: -1, "aria-label": "Another number", onsubmit: submit },
    element("span", {}, isScalar(x) ? "Try another number" : "Try another number, for one element"),
    isScalar(x) ? null : where,
    number,
    element("button", { type: "submit" }, "Set"),
    scene.edited.has(i) ? element("button", { type: "button", onclick: () => act.reset(i) }, "As it was") : null,
    element("p", { class: "problem", role: "alert" }),
  );
}

// The position in C order of an index as text, "0, 2"; null if there is none.
function positionOf(text, shape) {
  const index = text
    .split(/[\s,[\]]+/)
    .filter((word) => word !== "")
    .map(Number);
  if (index.length !== shape.length) return null;
  if (index.some((n, axis) => !Number.isInteger(n) || n < 0 || n >= shape[axis])) return null;
  const strides = stridesOf(shape);
  return index.reduce((sum, n, axis) => sum + n * strides[axis], 0);
}

// One row a use, in the order of the backward pass; what is still to come is said to be.
function ledger(scene, i, act) {
  const name = gradientName(scene.record, i);
  if (i === scene.record.values.length - 1) {
    return element("p", { class: "quiet" }, `${name} = 1: the backward pass begins here.`);
  }
  const head = ["used by", "formula", "adds", "total"].map((text) => element("th", {}, text));
  const rows = scene.uses[i].map((at) => ledgerRow(scene, at, act));
  return element(
    "div",
    { class: "ledger" },
    element("h3", {}, `Ledger of ${name}: ${plural(rows.length, "use")}`),
    element("div", { class: "wide" }, element("table", {}, element("tr", {}, ...head), ...rows)),
  );
}

function ledgerRow(scene, at, act) {
  const { record, run, shownSteps } = scene;
  const [formula] = contributionTexts(scene, at);
  const { amount, after } = run.steps[at];
  const isDone = at < shownSteps;
  const numbers = isDone ? [dataText(amount), dataText(after)] : ["–", "–"];
  const step = { type: "button", class: "link", title: "Go to this step", onclick: () => act.goToStep(at) };
  return element(
    "tr",
    { class: at === shownSteps - 1 ? "current" : isDone ? "" : "later" },
    element("td", {}, element("button", step, record.values[record.steps[at].consumer].name)),
    element("td", { class: "mono" }, formula),
    ...numbers.map((text) => element("td", { class: "mono one-line" }, text)),
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
  const { paths, total } = pathsTo(scene.record, scene.uses, scene.slopes(), i);
  const all = paths.length === total;
  const rows = paths.map((path) => pathRow(scene, path));
  const intro = all
    ? `${plural(total, "path")} from the loss${total > 1 ? "; their products add up" : ""}:`
    : `The ${paths.length} weightiest of ${manyText(total)} paths from the loss:`;
  const parts = [element("p", { class: "quiet" }, intro), element("ol", {}, ...rows)];
  if (paths.every((path) => path.product !== null)) {
    const sum = shortNumber(paths.reduce((sum, path) => sum + path.product, 0));
    const text = all ? `sum = ${sum}` : `sum of these = ${sum}, all: ${dataText(scene.run.gradients.get(i))}`;
    parts.push(element("p", { class: "mono" }, text));
  }
  return parts;
}

// The values on a path, and the product of its local derivatives where these are numbers.
function pathRow(scene, { steps, product }) {
  const { record } = scene;
  const names = [record.values.at(-1).name, ...steps.map((at) => record.values[record.steps[at].operand].name)];
  const factors = steps.map((at) => scene.slopes()[at]);
  const said =
    product === null
      ? "arrays on the way: the ledgers have their formulas"
      : `${cutMiddle(factors.map(shortFactor)).join(" * ") || "1"} = ${shortNumber(product)}`;
  return element(
    "li",
    {},
    element("div", { class: "mono" }, cutMiddle(names).join(" → ")),
    element("div", { class: "mono quiet" }, said),
  );
}

function manyText(n) {
  return n < 1e15 ? n.toLocaleString("en") : n.toExponential(1);
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
    { class: "hand", tabindex: -1, "aria-label": "Your own gradient", onsubmit: submit },
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
      ...[dataText(given.get(value).gradient), ...numbers].map((text) => element("td", { class: "mono one-line" }, text)),
    );
  });
  const head = ["", "", "yours", "from yours", "true"].map((text) => element("th", {}, text));
  return [
    element("h2", {}, `Your gradients: ${right} of ${marks.length} right`),
    element("div", { class: "wide" }, element("table", {}, element("tr", {}, ...head), ...rows)),
  ];
}
