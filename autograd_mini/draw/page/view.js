// The picture on the screen: which boxes, how large and where; what is in use at a step; dragging and zooming.
"use strict";

const READABLE = 0.85; // the scale below which the numbers in a box are too small to follow
const MARGIN = 20; // around the picture
const LARGEST = 1.6; // the scale at which a small graph is shown

function showView(view) {
  state.view = view;
  drawn = drawPicture(byId("world"), views[view], act.select, (item) => keepInSight([item]));
  byId("picture").setAttribute("width", views[view].width);
  byId("picture").setAttribute("height", views[view].height);
  byId("note").textContent = views[view].note;
  byId("collapse").setAttribute("aria-pressed", view === 0);
  fit();
  showAll();
}

// The cards stand beside the picture or below it, wherever they leave it larger.
function arrange() {
  const { width, height } = views[state.view];
  const room = document.querySelector("main").getBoundingClientRect();
  const beside = Math.min((room.width * 0.7) / width, room.height / height);
  const below = Math.min(room.width / width, (room.height * 0.5) / height);
  const needed = height * Math.max(READABLE, Math.min(room.width / width, LARGEST)) + 60;
  const isCut = below < READABLE && needed > 0.6 * room.height; // long and high: beside the cards it has its height
  byId("page").classList.toggle("below", room.width <= 860 || (below > beside && !isCut));
  const share = Math.max(0.4, Math.min(needed / room.height, 0.6)); // of the room, where the cards stand below
  document.querySelector("main").style.setProperty("--share", `${(100 * share).toFixed(1)}%`);
}

function fit() {
  arrange();
  const { width, height } = views[state.view];
  const room = byId("stage").getBoundingClientRect();
  const scale = Math.min((room.width - 2 * MARGIN) / width, (room.height - 3 * MARGIN) / height, LARGEST);
  state.zoom = { scale, x: (room.width - width * scale) / 2, y: (room.height - height * scale) / 2 };
  showZoom();
}

function zoomBy(factor, center = null) {
  const room = byId("stage").getBoundingClientRect();
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
  // Lines as many times thicker as keeps them from vanishing: in whole powers of 2, to restyle seldom
  byId("picture").style.setProperty("--far", scale < 0.5 ? 2 ** Math.ceil(-Math.log2(scale) - 1) : 1);
  byId("picture").style.transform = `translate(${x.toFixed(2)}px,${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
}

// Moves the picture, and enlarges it if need be, so that these items can be read; if not all fit, the last of them.
function keepInSight(items) {
  if (items.length === 0) return;
  const boxes = items.map((i) => views[state.view].items[i]);
  const room = byId("stage").getBoundingClientRect();
  const { width, height } = views[state.view];
  const { zoom } = state;
  if (zoom.scale < READABLE) zoomBy(READABLE / zoom.scale);
  zoom.x = inSight(
    zoom.x,
    boxes.map((box) => stretch(box, 0)),
    room.width,
    width,
  );
  zoom.y = inSight(
    zoom.y,
    boxes.map((box) => stretch(box, 1)),
    room.height,
    height,
  );
  showZoom();
}

// From where to where a box reaches, along the axis.
function stretch(box, axis) {
  return [box.center[axis] - box.size[axis] / 2, box.center[axis] + box.size[axis] / 2];
}

// The shift as it is, if the stretches are within the room; else the one that puts them in the middle, as far as the
// picture, which is `length` long, does not end before the room does.
function inSight(shift, stretches, room, length) {
  const margin = MARGIN - 4; // so that nothing moves that fit() put in sight
  const { scale } = state.zoom;
  let [begin, end] = [Math.min(...stretches.map(([low]) => low)), Math.max(...stretches.map(([, high]) => high))];
  if ((end - begin) * scale > room - 2 * margin) [begin, end] = stretches.at(-1);
  const isInside = begin * scale + shift >= margin && end * scale + shift <= room - margin;
  if (isInside) return shift;
  const [atBegin, atEnd] = [MARGIN, room - length * scale - MARGIN];
  return Math.max(Math.min(atBegin, atEnd), Math.min((room - (begin + end) * scale) / 2, Math.max(atBegin, atEnd)));
}

function listenToPointers(stage) {
  const fingers = new Map();
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const room = stage.getBoundingClientRect();
      zoomBy(Math.exp(-event.deltaY / 400), [event.clientX - room.left, event.clientY - room.top]);
    },
    { passive: false },
  );
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
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
}

function distance([x, y], [u, v]) {
  return Math.max(1, Math.hypot(x - u, y - v));
}

function moveBy(x, y) {
  state.zoom.x += x;
  state.zoom.y += y;
  showZoom();
}

// ------------------------------------------------------------ what is in use at a step

function showUse() {
  const use = inUse();
  highlight(drawn, use);
  showSelected();
  keepInSight((state.position ? use : firstUse()).items.map(([item]) => item));
}

// Where a graph that is too long to be read as a whole begins.
function firstUse() {
  return useForward(views[state.view].item_of, forwardSteps[0] ?? root);
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
  return {
    items: [...items, [itemOf[i], "result"]],
    edges: edgesInto(itemOf[i]),
    flow: "feeds",
    target: null,
    text: null,
  };
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

function showSelected() {
  drawn.selected?.classList.remove("selected");
  drawn.selected = state.selected === null ? null : drawn.items[views[state.view].item_of[state.selected]].group;
  drawn.selected?.classList.add("selected");
}
