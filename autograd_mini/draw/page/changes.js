// What is said once a leaf was changed: which of Python's decisions, made by the numbers of before, the page kept.
"use strict";

const MOST_LINKS = 6; // of one kind; the rest are counted

const PRODUCTS = new Set(["matmul", "linear", "einsum"]); // by which inputs meet weights

function changesText({ record, edited }, act) {
  if (edited.size === 0) return [];
  const { decisions, inputs } = keptAsPythonHadIt(record, edited);
  const changed = ["Changed: ", ...linksTo([...edited.keys()], record, act), "."];
  const told = decisions.map(([what, found]) => [`${what} `, ...linksTo(found, record, act)]);
  if (inputs === 1) told.push(["1 constant that looks like an input"]);
  if (inputs > 1) told.push([`${inputs.toLocaleString("en")} constants that look like inputs`]);
  if (told.length === 0) return changed;
  const reason = ". If any of this came from the old numbers, what follows is not what Python would compute.";
  return [...changed, " Kept as Python had it: ", ...told.flatMap((each, i) => (i ? ["; ", ...each] : each)), reason];
}

// Orders, masks and constants that may have been computed from the data of a leaf: the graph does not show from which.
// Constants that meet nothing that changed, or only in a product of matrices, are mostly inputs: they are counted.
function keptAsPythonHadIt({ values }, edited) {
  const all = [...values.keys()];
  const changed = new Set(edited.keys());
  for (const i of all) if (values[i].operands.some((j) => changed.has(j))) changed.add(i);
  const meeting = all.filter((i) => changed.has(i) && !PRODUCTS.has(values[i].op)).flatMap((i) => values[i].operands);
  const met = new Set(meeting);
  const isFixed = (i) => values[i].kind === "constant" && !edited.has(i);
  const choosing = all.filter((i) => values[i].op === "where" && isFixed(values[i].operands[0]));
  const conditions = new Set(choosing.map((i) => values[i].operands[0]));
  const constants = all.filter((i) => isFixed(i) && !values[i].plain && !conditions.has(i));
  const decisions = [
    ["which elements are picked by", all.filter((i) => values[i].picks)],
    ["the condition of", choosing],
    ["the constants", constants.filter((i) => met.has(i))],
  ];
  return {
    decisions: decisions.filter(([, found]) => found.length),
    inputs: constants.filter((i) => !met.has(i)).length,
  };
}

function linksTo(found, record, act) {
  const links = found.slice(0, MOST_LINKS).map((i) => valueLink({ record }, i, act));
  const rest = found.length - links.length;
  return [...links.flatMap((link, i) => (i ? [", ", link] : [link])), rest ? ` and ${rest.toLocaleString("en")} more` : ""];
}
