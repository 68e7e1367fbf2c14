// Why a value has the gradient it has: the paths from the loss to it, each with its product, the weightiest first.
"use strict";

const MOST_PATHS = 12;

// Every use of every value: for each value the steps in which it is the operand.
function usesOf(record) {
  const uses = record.values.map(() => []);
  record.steps.forEach((step, at) => uses[step.operand].push(at));
  return uses;
}

// {paths, total}: at most MOST_PATHS paths of {steps, product}, steps from the loss down; and how many there are.
// `slopes` has for each step its local derivative as a number, or null where that is an array.
function pathsTo(record, uses, slopes, value) {
  const root = record.values.length - 1;
  const heaviest = weightsFromRoot(record, uses, slopes);
  const ways = countsFromRoot(record, uses);
  const paths = [];
  const open = [{ at: value, steps: null, product: 1, exact: true, weight: heaviest[value] }];
  while (open.length && paths.length < MOST_PATHS) {
    const path = open.pop();
    if (path.at === root) {
      paths.push({ steps: listed(path.steps), product: path.exact ? path.product : null });
      continue;
    }
    for (const step of uses[path.at]) {
      const consumer = record.steps[step].consumer;
      const slope = slopes[step];
      const product = path.product * (slope ?? 1);
      insert(open, {
        at: consumer,
        steps: { step, rest: path.steps },
        product,
        exact: path.exact && slope !== null,
        weight: Math.abs(product) * heaviest[consumer],
      });
    }
    if (open.length > 40 * MOST_PATHS) open.splice(0, open.length - 20 * MOST_PATHS);
  }
  return { paths, total: ways[value] };
}

// A path is built from the value up, as a linked list whose head is the step nearest to the loss.
function listed(link) {
  const steps = [];
  for (let rest = link; rest; rest = rest.rest) steps.push(rest.step);
  return steps;
}

function insert(open, path) {
  let at = open.length;
  while (at > 0 && open[at - 1].weight > path.weight) at--;
  open.splice(at, 0, path);
}

// The largest |product| of any path from the loss to each value.
function weightsFromRoot(record, uses, slopes) {
  return fromRoot(record, uses, (step, weight) => weight * orOne(slopes[step]), Math.max);
}

function orOne(slope) {
  return slope === null || Number.isNaN(slope) ? 1 : Math.abs(slope);
}

function countsFromRoot(record, uses) {
  return fromRoot(
    record,
    uses,
    (_, count) => count,
    (a, b) => a + b,
  );
}

function fromRoot(record, uses, along, join) {
  const result = new Array(record.values.length).fill(0);
  result[result.length - 1] = 1;
  for (let i = result.length - 2; i >= 0; i--) {
    for (const step of uses[i]) result[i] = join(result[i], along(step, result[record.steps[step].consumer]));
  }
  return result;
}
