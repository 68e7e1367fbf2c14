// What is to be noticed of the values in a box, as [text, look, words]: nan, inf, shut relus, the marks of gradients.
"use strict";

const MARKS = { ok: ["✓", "ok", "ok"], carried: ["→", "carried", "carried"], WRONG: ["✗", "wrong", "WRONG"] };

function badgesOf(values) {
  const arrays = values.flatMap((i) => Object.values(known(i))).filter((x) => x !== null);
  const has = (test) => arrays.some((x) => x.data.some(test));
  const alarm = has(Number.isNaN) ? ["nan"] : has((e) => Math.abs(e) === Infinity) ? ["inf"] : [];
  const marks = scene.marks.filter(({ value }) => values.includes(value)).map(({ status }) => MARKS[status]);
  return [...alarm.map((text) => [text, "alarm", text]), ...reluBadge(values), ...new Set(marks)];
}

// How many units are 0. In a batch that is for every sample, and alarming where it is so of a whole layer: a single
// sample leaves some units at 0 in every healthy network. Units are the last axis, of images the second.
function reluBadge(values) {
  const data = values.filter((i) => record.values[i].op === "relu").map((i) => known(i).data);
  const outputs = data.filter((x) => x !== null && x.data.length > 0);
  const isAnyOn = outputs.flatMap(unitsThatAreOn);
  const off = isAnyOn.filter((isOn) => !isOn).length;
  if (off === 0) return [];
  const isBatch = outputs.every((x) => x.data.length > unitsThatAreOn(x).length);
  const isAlarming = isBatch && off === isAnyOn.length && off > 1;
  const some = off < isAnyOn.length ? `${off} of ${isAnyOn.length} ` : "";
  const text = isAlarming ? "dead relu" : `${some}${isBatch && some ? "dead" : "off"}`;
  return [[text, isAlarming ? "alarm" : "calm", text]];
}

// Of each unit of a relu's output whether any sample is not 0.
function unitsThatAreOn({ shape, data }) {
  const axis = shape.length === 4 ? 1 : shape.length - 1;
  const units = shape.at(axis) ?? 1;
  const stride = sizeOf(shape.slice(axis + 1));
  const isOn = new Array(units).fill(false);
  data.forEach((e, i) => (isOn[Math.floor(i / stride) % units] ||= e !== 0));
  return isOn;
}
