// The state of the page, and what is computed from it. Everything that is shown follows from this.
"use strict";

const { record: encodedRecord, views } = JSON.parse(document.getElementById("data").textContent);
const record = decodedRecord(encodedRecord);
const forwardSteps = record.values.flatMap((value, i) => (value.kind === "value" ? [i] : []));
const lastPosition = forwardSteps.length + 1 + record.steps.length;
const root = record.values.length - 1;
const uses = usesOf(record);
const byId = (id) => document.getElementById(id);

const state = {
  position: 0,
  selected: null,
  edited: new Map(), // leaf: the data that the user gave it
  given: new Map(), // value: the user's own gradient, {text, gradient, halves}
  predicting: false,
  revealed: true, // the number of this step is shown
  verdict: "", // on the number that was predicted
  view: 0,
  zoom: { scale: 1, x: 0, y: 0 },
  whyOpen: false,
};

// What is computed from the state, anew after every edit.
const scene = { record, forwardSteps, uses, edited: state.edited, given: state.given };
let drawn = null; // the picture of the view

function recompute() {
  scene.data = forwardPass(record, state.edited);
  scene.run = backwardPass(record, scene.data);
  scene.slopeList = null;
  scene.largest = largestOf([...scene.run.gradients.values()]);
  byId("changes").replaceChildren(...changesText(scene, act));
  remark();
}

function remark() {
  scene.marks = marked(record, scene.data, uses, state.given);
}

// The local derivative of every step as a number, null where it is an array: made when first asked for.
scene.slopes = () => {
  scene.slopeList ??= record.steps.map((step) => {
    const local = localOf(record, scene.data, step);
    const single = local !== null && local.data.length === 1 && scene.data[step.consumer].data.length === 1;
    return single && scene.data[step.operand].data.length === 1 ? local.data[0] : null;
  });
  return scene.slopeList;
};

// ------------------------------------------------------------ what is known at a step

const computedAt = record.values.map(() => 0); // the position from which on a value's data is known
forwardSteps.forEach((i, step) => (computedAt[i] = step + 1));

function shownPosition() {
  return state.revealed ? state.position : state.position - 1;
}

// How many steps of the backward pass are shown; -1 before it begins.
function stepsShown() {
  return shownPosition() - forwardSteps.length - 1;
}

function known(i) {
  const shown = stepsShown();
  return { data: computedAt[i] <= shownPosition() ? scene.data[i] : null, gradient: gradientAfter(i, shown) };
}

function gradientAfter(i, shown) {
  if (i === root) return shown >= 0 ? scene.run.gradients.get(root) : null;
  for (let use = uses[i].length - 1; use >= 0; use--) {
    if (uses[i][use] < shown) return scene.run.steps[uses[i][use]].after;
  }
  return null;
}
