// What is said once a leaf was changed: which of Python's decisions, made by the numbers of before, the page kept.
"use strict";

const MOST_LINKS = 6; // of one kind; the rest are counted

function changesText({ record, edited }, act) {
  if (edited.size === 0) return [];
  const kept = keptDecisions(record, edited);
  const changed = ["Changed: ", ...linksTo([...edited.keys()], record, act), "."];
  const told = kept.flatMap(([what, found], i) => [i ? "; " : " ", `${what} `, ...linksTo(found, record, act)]);
  const reason = ". If any of this came from the old numbers, what follows is not what Python would compute.";
  return kept.length ? [...changed, " Kept as Python had it:", ...told, reason] : changed;
}

// Orders, masks and constants that may have been computed from the data of a leaf: the graph does not show from which.
function keptDecisions({ values }, edited) {
  const all = [...values.keys()];
  const isFixed = (i) => values[i].kind === "constant" && !edited.has(i);
  const choosing = all.filter((i) => values[i].op === "where" && isFixed(values[i].operands[0]));
  const conditions = new Set(choosing.map((i) => values[i].operands[0]));
  return [
    ["which elements are picked by", all.filter((i) => values[i].picks)],
    ["the condition of", choosing],
    ["the constants", all.filter((i) => isFixed(i) && !values[i].plain && !conditions.has(i))],
  ].filter(([, found]) => found.length);
}

function linksTo(found, record, act) {
  const links = found.slice(0, MOST_LINKS).map((i) => valueLink({ record }, i, act));
  const rest = found.length - links.length;
  return [...links.flatMap((link, i) => (i ? [", ", link] : [link])), rest ? ` and ${rest.toLocaleString("en")} more` : ""];
}
