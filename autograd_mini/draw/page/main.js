// The state of the page, what changes it, and the keys. Everything that is shown follows from the state.
"use strict";

const { record: encodedRecord, views } = JSON.parse(document.getElementById("data").textContent);
const record = decodedRecord(encodedRecord);
const forwardSteps = record.values.flatMap((value, i) => (value.kind === "value" ? [i] : []));
const lastPosition = forwardSteps.length + 1 + record.steps.length;
const root = record.values.length - 1;
const uses = usesOf(record);
const at = (id) => document.getElementById(id);

const state = {
  position: 0,
  selected: null,
  edited: new Map(), // leaf: the data that the user gave it
  given: new Map(), // value: the user's own gradient, {text, gradient, halves}
  predicting: false,
  revealed: true, // the number of this step is shown
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

// ------------------------------------------------------------ stepping

function goTo(position) {
  const before = shownPosition();
  state.position = Math.max(0, Math.min(lastPosition, position));
  state.revealed = !(state.predicting && hasAnswer(state.position));
  showStep(before);
}

function hasAnswer(position) {
  return position > 0;
}

function reveal() {
  const before = shownPosition();
  state.revealed = true;
  showStep(before);
}

function showStep(before) {
  const from = Math.min(before, shownPosition());
  const to = Math.max(before, shownPosition());
  showItems(itemsChanged(from, to));
  showUse();
  showPanel();
  showTrack();
}

// The boxes whose numbers differ between two positions.
function itemsChanged(from, to) {
  const itemOf = views[state.view].item_of;
  const changed = new Set();
  for (let position = from + 1; position <= to; position++) changed.add(itemOf[valueOf(position)]);
  return changed;
}

// The value that gets a number at a position.
function valueOf(position) {
  if (position <= forwardSteps.length) return forwardSteps[position - 1];
  if (position === forwardSteps.length + 1) return root;
  return record.steps[position - forwardSteps.length - 2].operand;
}

function showItems(items) {
  for (const i of items) {
    const box = drawn.items[i];
    if (box.item.type !== "box") continue;
    fillBox(box, known, scene.largest);
    showBadge(box);
  }
}

function showAll() {
  showItems(drawn.items.keys());
  showUse();
  showPanel();
  showTrack();
}

// nan, inf, a relu that lets nothing through, and the mark of the user's own gradient.
function showBadge(box) {
  const words = new Set(box.item.values.flatMap(badgesOf));
  const text = [...words].join(" ");
  if (box.mark.textContent === text) return;
  box.mark.textContent = text;
  box.mark.setAttribute("class", `badge ${text.includes("✗") ? "wrong" : text.includes("✓") ? "ok" : text.includes("→") ? "carried" : "alarm"}`);
}

function badgesOf(i) {
  const badges = [];
  const { data, gradient } = known(i);
  const numbers = [...(data?.data ?? []), ...(gradient?.data ?? [])];
  if (numbers.some(Number.isNaN)) badges.push("nan");
  else if (numbers.some((x) => Math.abs(x) === Infinity)) badges.push("inf");
  if (record.values[i].op === "relu" && data !== null && data.data.every((x) => x === 0)) badges.push("dead relu");
  const mark = scene.marks.find(({ value }) => value === i);
  if (mark) badges.push({ ok: "✓", carried: "→ carried", WRONG: "✗ WRONG" }[mark.status]);
  return badges;
}

// ------------------------------------------------------------ showing the state

function showUse() {
  const use = inUse();
  highlight(drawn, use);
  showSelected();
  keepInSight(use.items.map(([item]) => item));
}

// The items and edges that the step is about, which way the numbers flow, and what is added where.
function inUse() {
  const { position } = state;
  const itemOf = views[state.view].item_of;
  if (position === 0) return { items: [], edges: [], flow: null, target: null, text: null };
  if (position <= forwardSteps.length) return useForward(itemOf, forwardSteps[position - 1]);
  if (position > forwardSteps.length + 1) return useBackward(itemOf, position - forwardSteps.length - 2);
  return { items: [[itemOf[root], "target"]], edges: [], flow: null, target: null, text: null };
}

function useForward(itemOf, i) {
  const sources = [...record.values[i].operands.map((j) => itemOf[j]), opBefore(itemOf[i])];
  const items = sources.filter((item) => item !== null && item !== itemOf[i]).map((item) => [item, "source"]);
  return { items: [...items, [itemOf[i], "result"]], edges: edgesInto(itemOf[i]), flow: "feeds", target: null, text: null };
}

function useBackward(itemOf, at) {
  const step = record.steps[at];
  const [consumer, operand] = [itemOf[step.consumer], itemOf[step.operand]];
  const sources = [consumer, opBefore(consumer)].filter((item) => item !== null && item !== operand);
  const { amount } = scene.run.steps[at];
  const text = isScalar(amount) ? `+= ${state.revealed ? shortNumber(amount.data[0]) : "?"}` : null;
  return {
    items: [...sources.map((item) => [item, "source"]), [operand, "target"]],
    edges: edgesOfUse(consumer, operand, step.index),
    flow: "sends",
    target: views[state.view].items[operand],
    text,
  };
}

// The pill in front of a box; null for a leaf and a stub.
function opBefore(item) {
  return item > 0 && views[state.view].items[item - 1].type === "op" ? item - 1 : null;
}

function edgesInto(item) {
  const op = opBefore(item);
  return views[state.view].edges.flatMap((edge, i) => (edge.to === item || edge.to === op ? [i] : []));
}

// The edge of one use, and the one between the op and its result.
function edgesOfUse(consumer, operand, slot) {
  const op = opBefore(consumer) ?? consumer;
  const { edges } = views[state.view];
  const between = edges.flatMap((edge, i) => (edge.from === operand && edge.to === op ? [i] : []));
  const exact = between.filter((i) => edges[i].slot === slot);
  const way = exact.length ? exact : between.slice(0, 1);
  return [...way, ...edges.flatMap((edge, i) => (way.length && edge.from === op && edge.to === consumer ? [i] : []))];
}

function showPanel() {
  scene.shownSteps = Math.max(0, stepsShown());
  const said = describe(scene, state.position);
  at("step-card").replaceChildren(...stepCard(scene, said, !state.revealed, act), ...(state.predicting && hasAnswer(state.position) ? [predictForm(said)] : []));
  showValue();
  at("live").textContent = `Step ${state.position} of ${lastPosition}. ${state.revealed ? said.spoken : said.question}`;
}

function showValue() {
  const beside = state.selected === null ? [] : sharedWith(state.selected);
  at("value-card").replaceChildren(...(state.selected === null ? hintCard() : valueCard(scene, state.selected, beside, known, act)));
  at("marks-card").replaceChildren(...marksCard(scene, act));
}

// The values that share a box with this one.
function sharedWith(i) {
  const { items, item_of: itemOf } = views[state.view];
  const { values = [] } = items[itemOf[i]];
  return values.length === 1 && values[0] === i ? [] : record.values.flatMap((_, j) => (itemOf[j] === itemOf[i] ? [j] : []));
}

function hintCard() {
  return [element("p", { class: "quiet" }, "Click a box to see its ledger, to change a leaf, or to have your own gradient marked.")];
}

function showTrack() {
  at("slider").value = state.position;
  at("slider").setAttribute("aria-valuetext", `Step ${state.position} of ${lastPosition}`);
  at("counter").textContent = `${state.position} / ${lastPosition}`;
  at("first").disabled = at("back").disabled = state.position === 0;
  at("last").disabled = at("forward").disabled = state.position === lastPosition;
  const backward = state.position > forwardSteps.length;
  at("phase-forward").classList.toggle("now", !backward);
  at("phase-backward").classList.toggle("now", backward);
}

function showSelected() {
  drawn.selected?.classList.remove("selected");
  drawn.selected = state.selected === null ? null : drawn.items[views[state.view].item_of[state.selected]].group;
  drawn.selected?.classList.add("selected");
}

// ------------------------------------------------------------ predict, then reveal

function predictForm(said) {
  if (state.revealed) return element("p", { class: "problem" }, state.verdict ?? "");
  const whole = said.answer;
  const i = indexOfLargest(whole);
  const asked = isScalar(whole) ? said.question : `${said.question} Element [${indexText(whole.shape, i)}]:`;
  const guess = element("input", { id: "guess", autocomplete: "off", inputmode: "decimal", size: 10, "aria-label": asked });
  const verdict = element("p", { class: "problem", role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    const read = readNumber(guess.value);
    if (!read) verdict.textContent = "Write a number, such as -0.0027.";
    else if (agrees(scalar(read.number), scalar(whole.data[i]), [read.half])) {
      state.verdict = "Right.";
      reveal();
    } else verdict.textContent = `Not ${guess.value}. Try again, or reveal it.`;
  };
  const show = () => {
    state.verdict = "";
    reveal();
  };
  return element(
    "form",
    { class: "predict", onsubmit: submit },
    element("span", {}, asked),
    guess,
    element("button", { type: "submit" }, "Check"),
    element("button", { type: "button", id: "reveal", onclick: show }, "Reveal"),
    verdict,
  );
}

function togglePredicting() {
  state.predicting = !state.predicting;
  at("predict").setAttribute("aria-pressed", state.predicting);
  state.verdict = "";
  goTo(state.position);
}

// ------------------------------------------------------------ what the user does to a value

const act = {
  select(i) {
    state.selected = i;
    showSelected();
    showValue();
  },
  edit(i, position, number) {
    const x = scene.data[i];
    const data = [...x.data];
    data[position] = rounded(number, x.dtype);
    state.edited.set(i, array(x.dtype, x.shape, data));
    recompute();
    showAll();
  },
  reset(i) {
    state.edited.delete(i);
    recompute();
    showAll();
  },
  give(i, text, form) {
    const read = text.trim() === "" ? null : readGradient(text, scene.data[i]);
    if (read?.error) return act.say(form, read.error);
    if (read) state.given.set(i, { text, ...read });
    else state.given.delete(i);
    remark();
    showAll();
  },
  say(form, problem) {
    form.querySelector(".problem").textContent = problem;
  },
  goToStep: (step) => goTo(forwardSteps.length + 2 + step),
  isWhyOpen: () => state.whyOpen,
  whyOpen: (open) => (state.whyOpen = open),
};

// ------------------------------------------------------------ the view: which boxes, how large, where

function showView(view) {
  state.view = view;
  drawn = drawPicture(at("world"), views[view], act.select, (item) => keepInSight([item]));
  at("picture").setAttribute("width", views[view].width);
  at("picture").setAttribute("height", views[view].height);
  at("note").textContent = views[view].note;
  at("collapse").setAttribute("aria-pressed", view === 0);
  fit();
  showAll();
}

// The cards stand beside the picture or below it, wherever they leave it larger.
function arrange() {
  const { width, height } = views[state.view];
  const room = document.querySelector("main").getBoundingClientRect();
  const beside = Math.min((room.width * 0.7) / width, room.height / height);
  const below = Math.min(room.width / width, (room.height * 0.5) / height);
  at("page").classList.toggle("below", room.width <= 860 || below > beside);
}

function fit() {
  arrange();
  const { width, height } = views[state.view];
  const room = at("stage").getBoundingClientRect();
  const scale = Math.min((room.width - 40) / width, (room.height - 60) / height, 1.6);
  state.zoom = { scale, x: (room.width - width * scale) / 2, y: (room.height - height * scale) / 2 };
  showZoom();
}

function zoomBy(factor, center = null) {
  const room = at("stage").getBoundingClientRect();
  const [x, y] = center ?? [room.width / 2, room.height / 2];
  const { zoom } = state;
  const scale = Math.max(0.02, Math.min(4, zoom.scale * factor));
  zoom.x = x - ((x - zoom.x) * scale) / zoom.scale;
  zoom.y = y - ((y - zoom.y) * scale) / zoom.scale;
  zoom.scale = scale;
  showZoom();
}

function showZoom() {
  const { scale, x, y } = state.zoom;
  // Not a transform inside the picture: then the browser would lay out every box anew, 0.2 s for a thousand
  at("picture").style.transform = `translate(${x.toFixed(2)}px,${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
}

const READABLE = 0.85; // the scale below which the numbers in a box are too small to follow

// Moves the picture, and enlarges it if need be, so that these items can be read.
function keepInSight(items) {
  if (items.length === 0) return;
  const boxes = items.map((i) => views[state.view].items[i]);
  const left = Math.min(...boxes.map((box) => box.center[0] - box.size[0] / 2));
  const right = Math.max(...boxes.map((box) => box.center[0] + box.size[0] / 2));
  const top = Math.min(...boxes.map((box) => box.center[1] - box.size[1] / 2));
  const bottom = Math.max(...boxes.map((box) => box.center[1] + box.size[1] / 2));
  const room = at("stage").getBoundingClientRect();
  const { zoom } = state;
  if (zoom.scale < READABLE) zoom.scale = READABLE;
  zoom.x = inSight(zoom.x, left * zoom.scale, right * zoom.scale, room.width);
  zoom.y = inSight(zoom.y, top * zoom.scale, bottom * zoom.scale, room.height);
  showZoom();
}

// The shift as it is, if the stretch is within the room; else the one that puts it in the middle.
function inSight(shift, begin, end, room) {
  const margin = 24;
  return begin + shift >= margin && end + shift <= room - margin ? shift : (room - begin - end) / 2;
}

function listenToPointers(stage) {
  const fingers = new Map();
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const room = stage.getBoundingClientRect();
    zoomBy(Math.exp(-event.deltaY / 400), [event.clientX - room.left, event.clientY - room.top]);
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => fingers.set(event.pointerId, [event.clientX, event.clientY]));
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) zoomBy(distance(now, other) / distance(before, other));
    else moveBy(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
}

function distance([x, y], [u, v]) {
  return Math.max(1, Math.hypot(x - u, y - v));
}

function moveBy(x, y) {
  state.zoom.x += x;
  state.zoom.y += y;
  showZoom();
}

// ------------------------------------------------------------ finding, theme, keys

function find() {
  const name = at("search").value;
  const exact = record.values.findIndex((value) => value.name === name);
  const found = exact >= 0 ? exact : record.values.findIndex((value) => value.name.toLowerCase().includes(name.toLowerCase()));
  if (name === "" || found < 0) {
    at("search").classList.toggle("nothing", name !== "");
    return;
  }
  at("search").classList.remove("nothing");
  act.select(found);
  keepInSight([views[state.view].item_of[found]]);
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

function escape() {
  if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
  else act.select(null);
}

const KEYS = {
  ArrowRight: () => goTo(state.position + 1),
  ArrowLeft: () => goTo(state.position - 1),
  Home: () => goTo(0),
  End: () => goTo(lastPosition),
  "/": () => at("search").focus(),
  "?": () => at("help").showModal(),
  p: togglePredicting,
  c: () => views.length > 1 && showView(1 - state.view),
  d: switchTheme,
  "+": () => zoomBy(1.25),
  "-": () => zoomBy(0.8),
  0: fit,
  Escape: escape,
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || at("help").open) return;
  const typing = event.target instanceof HTMLInputElement && event.target.type !== "range";
  if (typing && event.key !== "Escape") return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function listen() {
  const clicks = {
    first: KEYS.Home, back: KEYS.ArrowLeft, forward: KEYS.ArrowRight, last: KEYS.End, predict: togglePredicting,
    collapse: KEYS.c, theme: switchTheme, "zoom-in": KEYS["+"], "zoom-out": KEYS["-"], "zoom-fit": fit, "help-open": KEYS["?"],
  };
  for (const [id, action] of Object.entries(clicks)) at(id).addEventListener("click", action);
  at("slider").addEventListener("input", () => goTo(Number(at("slider").value)));
  at("search").addEventListener("change", find);
  document.addEventListener("keydown", onKey);
  listenToPointers(at("stage"));
  window.addEventListener("resize", fit);
}

function open() {
  at("page").hidden = false;
  at("title").textContent = `Microscope: ${record.values[root].name}`;
  document.title = at("title").textContent;
  at("slider").max = lastPosition;
  at("phase-forward").style.flexGrow = forwardSteps.length + 0.5;
  at("phase-backward").style.flexGrow = record.steps.length + 1;
  at("collapse").hidden = views.length === 1;
  at("legend").hidden = record.values.every((value) => value.shape.length === 0);
  const names = record.values.filter((value) => !value.plain).map((value) => element("option", { value: value.name }));
  at("names").replaceChildren(...names.slice(0, 2000));
  recompute();
  listen();
  showView(0);
}

open();
