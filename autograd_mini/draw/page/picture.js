// Draws the graph: boxes and edges where Python put them, the numbers that are known at the step, and what is in use.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const ROW = 20; // the height of a row in a box, and of the two heat maps
const MAPS = 40;
const PADDING = 8;
const ADVANCE = 7.3; // of one character of the font in boxes
const LONGEST = 24; // characters of a name
const MOST_CELLS = { rows: 8, columns: 14 }; // of a heat map in a box

function svg(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return element;
}

// Draws everything once. `select` is called with the value of a clicked box, `look` with the box that keys reach.
function drawPicture(world, view, select, look) {
  world.replaceChildren();
  const edges = view.edges.map((edge) => world.appendChild(drawEdge(edge)));
  const items = view.items.map((item, i) => drawItem(item, select, () => look(i)));
  items.forEach((item) => world.append(item.group));
  const label = world.appendChild(drawAmountLabel());
  return { edges, items, label, selected: null, active: { items: [], edges: [] } };
}

function drawEdge(edge) {
  return svg("path", { class: "edge", d: curve(edge.points), "marker-end": "url(#arrow)" });
}

// A line that is level at its layers and bends in between.
function curve(points) {
  let path = `M${points[0].join()}`;
  for (let i = 1; i < points.length; i += 2) {
    path += ` L${points[i].join()}`;
    if (i + 1 < points.length) {
      const bend = (points[i][0] + points[i + 1][0]) / 2;
      path += ` C${bend},${points[i][1]} ${bend},${points[i + 1][1]} ${points[i + 1].join()}`;
    }
  }
  return path;
}

function drawItem(item, select, look) {
  const [width, height] = item.size;
  const group = svg("g", { class: `item ${item.type} ${item.kind ?? ""}` });
  group.setAttribute("transform", `translate(${item.center[0] - width / 2},${item.center[1] - height / 2})`);
  group.append(svg("rect", { class: "outline", width, height, rx: item.type === "op" ? 10 : 5 }));
  if (item.type !== "box") {
    group.append(svg("text", { x: width / 2, y: height / 2 + 4, class: "middle" }, item.text));
    return { group, item };
  }
  const parts = drawRows(group, item);
  const mark = group.appendChild(svg("text", { class: "badge", x: width - PADDING, y: PADDING / 2 + 14 }));
  makeButton(group, () => select(item.values.at(-1)), look);
  return { group, item, mark, ...parts };
}

function drawRows(group, item) {
  const [width] = item.size;
  const parts = {};
  let top = PADDING / 2;
  for (const row of item.rows) {
    if (row === "maps") {
      parts.maps = group.appendChild(svg("g", { class: "maps", transform: `translate(${PADDING},${top + 3})` }));
      top += MAPS;
      continue;
    }
    if (row === "grad")
      parts.heat = group.appendChild(svg("rect", { class: "heat", x: 1, y: top, width: width - 2, height: ROW }));
    const text = group.appendChild(svg("text", { x: PADDING, y: top + 14, class: row }));
    if (row === "about") write(text, cut(item.about, LONGEST), width);
    else parts[row] = text;
    top += ROW;
  }
  return parts;
}

function cut(text, length) {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

// Text in a box, pressed together where it would be too long.
function write(element, text, width) {
  if (element.textContent === text) return;
  element.textContent = text;
  const room = width - 2 * PADDING;
  if (text.length * ADVANCE > room) {
    element.setAttribute("textLength", room);
    element.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else {
    element.removeAttribute("textLength");
  }
}

function makeButton(group, act, look) {
  group.setAttribute("tabindex", "0");
  group.setAttribute("role", "button");
  group.addEventListener("click", act);
  group.addEventListener("focus", () => group.matches(":focus-visible") && look());
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
}

// ------------------------------------------------------------ numbers in a box

// `known(i)` has the data and the gradient of value i at this step, each null before it is computed.
function fillBox(drawn, known, largest, badges) {
  const { item, group } = drawn;
  const all = item.values.map(known);
  const data = all.map((each) => each.data).filter((x) => x !== null);
  const gradients = all.map((each) => each.gradient).filter((x) => x !== null);
  const width = item.size[0];
  write(drawn.data, `data ${summary(data)}`, width);
  if (drawn.grad) write(drawn.grad, `grad ${summary(gradients)}`, width);
  if (drawn.heat) drawn.heat.style.opacity = heatOf(gradients, largest);
  if (drawn.maps) fillMaps(drawn, data[0] ?? null, drawn.grad ? (gradients[0] ?? null) : undefined);
  group.classList.toggle("waiting", data.length === 0);
  const gradient = drawn.grad ? `, gradient ${summary(gradients)}` : "";
  const words = badges.map(([, , words]) => `, ${words}`).join("");
  group.setAttribute("aria-label", `${item.name}, ${item.kind}, data ${summary(data)}${gradient}${words}`);
  showBadges(drawn, badges);
}

// Right of the name, which is cut where both are too long.
function showBadges({ item, mark, name }, badges) {
  const text = badges.map(([text]) => text).join(" ");
  mark.textContent = text;
  mark.setAttribute("class", `badge ${badges.at(-1)?.[1] ?? ""}`);
  const room = text ? Math.floor((item.size[0] - 2 * PADDING) / ADVANCE) - text.length - 1 : LONGEST;
  write(name, cut(item.name, Math.min(LONGEST, room)), item.size[0]);
}

function summary(arrays) {
  if (arrays.length === 0) return "–";
  return arrays.length === 1 ? dataText(arrays[0]) : rangeText(arrays.flatMap((x) => x.data));
}

// How strongly a gradient is coloured: 0 for none, 1 for the largest of all; by its cube root, to tell small from none.
function heatOf(gradients, largest) {
  return largest > 0 ? Math.min(1, Math.cbrt(largestOf(gradients) / largest)) : 0;
}

function largestOf(arrays) {
  let largest = 0;
  for (const { data } of arrays) {
    for (const e of data) if (Number.isFinite(e) && Math.abs(e) > largest) largest = Math.abs(e);
  }
  return largest;
}

function fillMaps(drawn, data, gradient) {
  if (drawn.mapped && drawn.mapped[0] === data && drawn.mapped[1] === gradient) return;
  drawn.mapped = [data, gradient];
  const room = drawn.item.size[0] - 2 * PADDING;
  const width = gradient === undefined ? room : (room - PADDING) / 2;
  drawn.maps.replaceChildren(heatMap(data, width, MAPS - 8, MOST_CELLS));
  if (gradient === undefined) return;
  const right = heatMap(gradient, width, MAPS - 8, MOST_CELLS);
  right.setAttribute("transform", `translate(${width + PADDING},0)`);
  drawn.maps.append(right);
}

// Cells coloured by sign and size; of a large array each cell is the element of its block that is farthest from 0.
function heatMap(x, width, height, most) {
  const map = svg("g");
  map.append(svg("rect", { class: "frame", width, height }));
  if (x === null || x.data.length === 0) return map;
  const columns = x.shape.at(-1) ?? 1;
  const rows = x.data.length / columns;
  const [down, across] = [Math.min(rows, most.rows), Math.min(columns, most.columns)];
  const largest = largestOf([x]) || 1;
  const [cellWidth, cellHeight] = [width / across, height / down];
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      const e = farthest(x, columns, blockOf(i, down, rows), blockOf(j, across, columns));
      const cell = svg("rect", { x: j * cellWidth, y: i * cellHeight, width: cellWidth, height: cellHeight });
      cell.setAttribute("class", lookOf(e));
      if (!Number.isNaN(e)) cell.setAttribute("fill-opacity", Math.min(1, Math.sqrt(Math.abs(e) / largest)).toFixed(3));
      map.append(cell);
    }
  }
  return map;
}

function lookOf(e) {
  return Number.isNaN(e) ? "nan" : e < 0 ? "negative" : "positive";
}

function blockOf(i, parts, length) {
  return [Math.floor((i * length) / parts), Math.floor(((i + 1) * length) / parts)];
}

function farthest(x, columns, [top, bottom], [left, right]) {
  let found = 0;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const e = x.data[row * columns + column];
      if (Number.isNaN(e)) return e;
      if (Math.abs(e) > Math.abs(found)) found = e;
    }
  }
  return found;
}

// ------------------------------------------------------------ what is in use

function drawAmountLabel() {
  const group = svg("g", { class: "amount", visibility: "hidden" });
  group.append(svg("rect", { rx: 4, height: 16, y: -8 }), svg("text", { class: "middle", y: 4.5 }));
  return group;
}

// Marks the items and edges in use, and writes what flows beside the edge. Whatever was marked before is not any more.
function highlight(drawn, { items, edges, flow, target, text }) {
  for (const [group, name] of drawn.active.items) group.classList.remove(name);
  for (const edge of drawn.active.edges) setFlow(edge, null);
  drawn.active = {
    items: items.map(([i, name]) => [drawn.items[i].group, name]),
    edges: edges.map((i) => drawn.edges[i]),
  };
  for (const [group, name] of drawn.active.items) group.classList.add(name);
  for (const edge of drawn.active.edges) setFlow(edge, flow);
  placeLabel(drawn, target, text);
}

// The arrow's head stands where the numbers flow to: data to the consumer ("feeds"), gradients back ("sends").
function setFlow(edge, flow) {
  edge.setAttribute("class", flow ? `edge ${flow}` : "edge");
  edge.setAttribute("marker-start", flow === "sends" ? "url(#arrow-sends)" : "none");
  edge.setAttribute("marker-end", { feeds: "url(#arrow-feeds)", sends: "none" }[flow] ?? "url(#arrow)");
}

// The amount of a step, on the lower edge of the box that it is added to: it leaves the next box free.
function placeLabel(drawn, target, text) {
  drawn.label.setAttribute("visibility", text ? "visible" : "hidden");
  if (!text) return;
  const { center, size } = target;
  const width = text.length * ADVANCE + 14;
  drawn.label.setAttribute("transform", `translate(${center[0]},${center[1] + size[1] / 2 + 3})`);
  const [plate, words] = drawn.label.children;
  plate.setAttribute("width", width);
  plate.setAttribute("x", -width / 2);
  words.textContent = text;
}
