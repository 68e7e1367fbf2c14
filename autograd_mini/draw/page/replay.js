// Computes the forward and the backward pass of the recorded graph, from the leaves as they are now in the page.
// It is backward.py's `contributions` over again, with each rule as a tree of ops that came from Python. What the page
// has no twin for came with its numbers.
"use strict";

// `leaf` answers for the names in the tree: "g" the upstream gradient, "z" the output, 0, 1, ... the operands.
function evaluate(tree, leaf) {
  if (typeof tree === "string" || typeof tree === "number") return leaf(tree);
  if ("constant" in tree) return tree.constant;
  return apply(
    tree.op,
    tree.operands.map((operand) => evaluate(operand, leaf)),
    tree.params,
  );
}

function apply(op, operands, params) {
  return settled(params ? FORWARD[op](...operands, params) : FORWARD[op](...operands));
}

// As the engine keeps results: a single float64 is a plain number, and numbers in an array are float64.
function settled(x) {
  if (x.dtype === "float64" && x.shape.length === 0) return { ...x, dtype: "float" };
  if (x.dtype === "float" && x.shape.length > 0) return { ...x, dtype: "float64" };
  return x;
}

// The data of every value: Python's own, and anew what follows from `edited`, the leaves that the user changed.
function forwardPass(record, edited) {
  const data = [];
  const changed = new Set(edited.keys());
  for (const [i, value] of record.values.entries()) {
    if (value.op in FORWARD && value.operands.some((j) => changed.has(j))) {
      changed.add(i);
      const operands = value.operands.map((j) => data[j]);
      data.push(apply(value.op, operands, value.params));
    } else {
      data.push(edited.get(i) ?? value.data);
    }
  }
  return data;
}

function leavesOf(record, data, step, upstream) {
  const consumer = record.values[step.consumer];
  return (name) => {
    if (name === "g") return upstream;
    return data[name === "z" ? step.consumer : consumer.operands[name]];
  };
}

// Every step with its numbers, and the gradient of every value. Where one is given, the walk goes on from that.
function backwardPass(record, data, given = new Map()) {
  const root = record.values.length - 1;
  const gradients = new Map([[root, likeData(data[root], 1)]]);
  const steps = record.steps.map((step) => {
    const upstream = given.get(step.consumer) ?? gradients.get(step.consumer);
    const rule = record.rules[step.rule];
    const amount = step.amount ?? evaluate(rule.amount, leavesOf(record, data, step, upstream));
    const before = gradients.get(step.operand);
    const after = before ? apply("add", [before, amount]) : amount;
    gradients.set(step.operand, after);
    return { upstream, amount, before, after };
  });
  return { steps, gradients };
}

// d consumer / d operand, element by element; null where the op mixes elements.
function localOf(record, data, step) {
  const tree = record.rules[step.rule].local;
  return tree === null ? null : evaluate(tree, leavesOf(record, data, step, null));
}

function likeData(x, number) {
  return array(x.dtype, x.shape, new Array(x.data.length).fill(number));
}

// ------------------------------------------------------------ from the page's JSON

function decodedRecord(record) {
  const values = record.values.map((value) => ({ ...value, data: decoded(value.data) }));
  const rules = record.rules.map((rule) => ({
    ...rule,
    amount: rule.amount === null ? null : decodedTree(rule.amount),
    local: rule.local === null ? null : decodedTree(rule.local),
    conditions: rule.conditions.map(decodedTree),
  }));
  const steps = record.steps.map(([consumer, index, operand, rule, amount = null]) => {
    return { consumer, index, operand, rule, amount: amount === null ? null : decoded(amount) };
  });
  return { ...record, values, rules, steps };
}

function decodedTree(tree) {
  if (typeof tree === "string" || typeof tree === "number") return tree;
  if ("constant" in tree) return { constant: decoded(tree.constant) };
  return { ...tree, operands: tree.operands.map(decodedTree) };
}

// A number, or an array as the base64 of its float64s: exact, and half as long as digits. JSON has no nan and no inf.
function decoded(data) {
  if (typeof data !== "object") return scalar(Number(data));
  const bytes = Uint8Array.from(atob(data.base64), (c) => c.charCodeAt(0));
  return array(data.dtype, data.shape, Array.from(new Float64Array(bytes.buffer)));
}
