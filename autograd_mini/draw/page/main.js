// What the user can do: step, predict, change a leaf, give a gradient, find, and the keys for it.
"use strict";

// ------------------------------------------------------------ stepping

function goTo(position) {
  const before = shownPosition();
  state.position = Math.max(0, Math.min(lastPosition, position));
  state.revealed = !(state.predicting && hasAnswer(state.position));
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
    fillBox(box, known, scene.largest, badgesOf(box.item.values));
  }
}

function showAll() {
  showItems(drawn.items.keys());
  showUse();
  showPanel();
  showTrack();
}


// ------------------------------------------------------------ showing the state

function showPanel() {
  scene.shownSteps = Math.max(0, stepsShown());
  const said = describe(scene, state.position);
  const question = state.predicting && hasAnswer(state.position) ? [predictForm(said)] : [];
  byId("step-card").replaceChildren(...stepCard(scene, said, !state.revealed, act), ...question);
  byId("guess")?.focus();
  showValue();
  const spoken = state.revealed ? said.spoken : said.question;
  byId("live").textContent = `Step ${state.position} of ${lastPosition}. ${spoken}`;
}

function showValue() {
  const i = state.selected;
  byId("value-card").replaceChildren(...(i === null ? hintCard() : valueCard(scene, i, sharedWith(i), known, act)));
  byId("marks-card").replaceChildren(...marksCard(scene, act));
}

// The values that share a box with this one.
function sharedWith(i) {
  const { items, item_of: itemOf } = views[state.view];
  const { values = [] } = items[itemOf[i]];
  if (values.length === 1 && values[0] === i) return [];
  return record.values.flatMap((_, j) => (itemOf[j] === itemOf[i] ? [j] : []));
}

function hintCard() {
  const hint = "Click a box to see its ledger, to change a leaf, or to have your own gradient marked.";
  return [element("p", { class: "quiet" }, hint)];
}

function showTrack() {
  byId("slider").value = state.position;
  byId("slider").setAttribute("aria-valuetext", `Step ${state.position} of ${lastPosition}`);
  byId("counter").textContent = `${state.position} / ${lastPosition}`;
  byId("first").disabled = byId("back").disabled = state.position === 0;
  byId("last").disabled = byId("forward").disabled = state.position === lastPosition;
  const backward = state.position > forwardSteps.length;
  byId("phase-forward").classList.toggle("now", !backward);
  byId("phase-backward").classList.toggle("now", backward);
}

// ------------------------------------------------------------ what the user does to a value

const act = {
  select(i) {
    state.selected = i;
    showSelected();
    showValue();
    if (i !== null) byId("value-card").scrollIntoView({ block: "nearest" });
  },
  edit(i, position, number) {
    const x = scene.data[i];
    const data = [...x.data];
    data[position] = rounded(number, x.dtype);
    state.edited.set(i, array(x.dtype, x.shape, data));
    recompute();
    showAll();
    returnTo("form.edit");
  },
  reset(i) {
    state.edited.delete(i);
    recompute();
    showAll();
    returnTo("form.edit");
  },
  give(i, text, form) {
    const read = text.trim() === "" ? null : readGradient(text, scene.data[i]);
    if (read?.error) return act.say(form, read.error);
    if (read) state.given.set(i, { text, ...read });
    else state.given.delete(i);
    remark();
    showAll();
    returnTo("form.hand");
    const mark = scene.marks.find(({ value }) => value === i);
    if (mark) byId("live").textContent = `Your ${gradientName(record, i)}: ${mark.status}.`;
  },
  say(form, problem) {
    form.querySelector(".problem").textContent = problem;
    form.scrollIntoView({ block: "nearest" });
  },
  goToStep: (step) => goTo(forwardSteps.length + 2 + step),
  isWhyOpen: () => state.whyOpen,
  whyOpen: (open) => (state.whyOpen = open),
};

// To the form that was sent, which was made anew: what is said of the answer is in it, and the keys step on.
function returnTo(form) {
  document.querySelector(form).scrollIntoView({ block: "nearest" });
  document.querySelector(form).focus({ preventScroll: true });
}

// ------------------------------------------------------------ finding, theme, keys

function findValue() {
  const name = byId("search").value;
  const exact = record.values.findIndex((value) => value.name === name);
  const near = record.values.findIndex((value) => value.name.toLowerCase().includes(name.toLowerCase()));
  const found = exact >= 0 ? exact : near;
  if (name === "" || found < 0) {
    byId("search").classList.toggle("nothing", name !== "");
    return;
  }
  byId("search").classList.remove("nothing");
  act.select(found);
  keepInSight([views[state.view].item_of[found]]);
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

function switchView() {
  if (views.length > 1) return showView(1 - state.view);
  const { note } = views[0];
  const reason = note ? `${note}: too many for a box each.` : "Every value has its box: there is nothing to collapse.";
  byId("note").textContent = byId("live").textContent = reason;
}

function leave() {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return act.select(null);
  if (field.matches("#search.nothing")) {
    field.value = "";
    field.classList.remove("nothing");
  }
  field.blur();
}

function openHelp() {
  byId("help").showModal();
  byId("help-title").focus(); // not its button, which may be out of sight
}

const KEYS = {
  ArrowRight: () => goTo(state.position + 1),
  ArrowLeft: () => goTo(state.position - 1),
  Home: () => goTo(0),
  End: () => goTo(lastPosition),
  "/": () => byId("search").focus(),
  "?": openHelp,
  p: togglePredicting,
  c: switchView,
  d: switchTheme,
  "+": () => zoomBy(1.25),
  "-": () => zoomBy(0.8),
  0: fit,
  Escape: leave,
};

const MOVES = new Set(["ArrowRight", "ArrowLeft", "Home", "End"]); // which mean nothing else in an empty field

function isTyping(target) {
  return (target instanceof HTMLInputElement && target.type !== "range") || target instanceof HTMLSelectElement;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (isTyping(event.target) && event.key !== "Escape" && !(event.target.value === "" && MOVES.has(event.key))) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function listen() {
  const clicks = {
    first: KEYS.Home,
    back: KEYS.ArrowLeft,
    forward: KEYS.ArrowRight,
    last: KEYS.End,
    predict: togglePredicting,
    collapse: KEYS.c,
    theme: switchTheme,
    "zoom-in": KEYS["+"],
    "zoom-out": KEYS["-"],
    "zoom-fit": fit,
    "help-open": KEYS["?"],
  };
  for (const [id, action] of Object.entries(clicks)) byId(id).addEventListener("click", action);
  byId("slider").addEventListener("input", () => goTo(Number(byId("slider").value)));
  byId("search").addEventListener("change", findValue);
  document.addEventListener("keydown", onKey);
  listenToPointers(byId("stage"));
  window.addEventListener("resize", () => {
    fit();
    showUse(); // at a step, what it is about stays readable; else a long graph would shrink to a line
  });
}

function openPage() {
  byId("page").hidden = false;
  byId("title").textContent = `Microscope: ${record.values[root].name}`;
  document.title = byId("title").textContent;
  byId("slider").max = lastPosition;
  byId("phase-forward").style.flexGrow = forwardSteps.length + 0.5;
  byId("phase-backward").style.flexGrow = record.steps.length + 1;
  byId("collapse").hidden = views.length === 1;
  byId("legend").hidden = record.values.every((value) => value.shape.length === 0);
  const names = record.values.filter((value) => !value.plain).map((value) => element("option", { value: value.name }));
  byId("names").replaceChildren(...names.slice(0, 2000));
  recompute();
  listen();
  showView(0);
}

openPage();
