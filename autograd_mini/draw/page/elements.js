// Elements of the page, made of text and numbers: what comes from the graph is never markup.
"use strict";

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
    const map = svg("svg", { class: "large-map", viewBox: "0 0 320 120", role: "img" });
    map.setAttribute("aria-label", `heat map of ${shapeText(x.shape)}`);
    map.append(heatMap(x, 320, 120, { rows: 24, columns: 64 }));
    return map;
  }
  const largest = largestOf([x]) || 1;
  const cells = (row) => x.data.slice(row * columns, (row + 1) * columns).map((e) => numberCell(e, largest));
  const lines = Array.from({ length: rows }, (_, row) => element("tr", {}, ...cells(row)));
  return element("table", { class: "numbers" }, ...lines);
}

function numberCell(e, largest) {
  const cell = element("td", { class: lookOf(e) }, shortNumber(e));
  cell.style.setProperty("--strength", Number.isFinite(e) ? Math.sqrt(Math.abs(e) / largest).toFixed(3) : 0);
  return cell;
}

// A value's name, which selects it.
function valueLink(scene, i, act) {
  const go = { type: "button", class: "link", title: "Select it", onclick: () => act.select(i) };
  return element("button", go, scene.record.values[i].name);
}
