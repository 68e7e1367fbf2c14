// The forward function of ops in autograd_mini's table, computed as NumPy does. No derivative is here: each arrives
// from Python as a tree of these ops, made by running the table's own rule. A test compares every twin. What has none
// is shown with the numbers that Python computed, and cannot be computed anew.
"use strict";

const FORWARD = {
  // element by element: arithmetic
  add: pointwise((x, y) => x + y),
  sub: pointwise((x, y) => x - y),
  mul: pointwise((x, y) => x * y),
  div: pointwise((x, y) => x / y),
  pow: pointwise(power),
  neg: pointwise((x) => -x),
  stop_gradient: pointwise((x) => x),
  sign: pointwise(Math.sign),
  abs: pointwise(Math.abs),

  // element by element: powers, exponentials, circles
  exp: pointwise(Math.exp),
  expm1: pointwise(Math.expm1),
  log: pointwise(Math.log),
  log1p: pointwise(Math.log1p),
  sqrt: pointwise(Math.sqrt),
  sin: pointwise(Math.sin),
  cos: pointwise(Math.cos),
  tan: pointwise(Math.tan),

  exp2: pointwise((x) => 2 ** x),
  log2: pointwise(Math.log2),
  log10: pointwise(Math.log10),
  cbrt: pointwise(Math.cbrt),
  arcsin: pointwise(Math.asin),
  arccos: pointwise(Math.acos),
  arctan: pointwise(Math.atan),
  arctan2: pointwise(Math.atan2),
  hypot: pointwise((x, y) => Math.hypot(x, y)),
  sinh: pointwise(Math.sinh),
  cosh: pointwise(Math.cosh),
  arcsinh: pointwise(Math.asinh),
  arccosh: pointwise(Math.acosh),
  arctanh: pointwise(Math.atanh),
  sinc: pointwise((x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))),
  deg2rad: pointwise((x) => (x * Math.PI) / 180),
  rad2deg: pointwise((x) => (x * 180) / Math.PI),
  logaddexp: pointwise(logAddExp),
  logaddexp2: pointwise((x, y) => larger(x, y) + Math.log1p(2 ** -apart(x, y)) / Math.LN2),

  // element by element: to whole numbers
  floor: pointwise(Math.floor),
  ceil: pointwise(Math.ceil),
  trunc: pointwise(Math.trunc),
  rint: pointwise(evenly),
  floor_divide: pointwise(floorDivide),
  remainder: pointwise(remainder),
  fmod: pointwise((x, y) => x % y),

  // element by element: activations
  tanh: pointwise(Math.tanh),
  sigmoid: pointwise((x) => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x)))),
  softplus: pointwise((x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  relu: pointwise((x) => (x <= 0 ? 0 : x)),
  leaky_relu: pointwise((x, slope) => (x > 0 ? x : slope * x)),
  elu: pointwise((x, alpha) => (x > 0 ? x : alpha * Math.expm1(x))),
  erf: pointwise(erf),

  // element by element: choosing
  maximum: pointwise(larger),
  minimum: pointwise(smaller),
  fmax: pointwise((x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : larger(x, y))),
  fmin: pointwise((x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : smaller(x, y))),
  copysign: pointwise((x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x))),
  heaviside: pointwise((x, y) => (Number.isNaN(x) ? x : x === 0 ? y : x > 0 ? 1 : 0)),
  clip: pointwise((x, low, high) => smaller(larger(x, low), high)),
  where: (condition, x, y) => pointwise((c, a, b) => (c ? a : b))(cast(condition, "bool"), x, y),
  equal: comparison((x, y) => x === y),
  not_equal: comparison((x, y) => x !== y),
  less: comparison((x, y) => x < y),
  less_equal: comparison((x, y) => x <= y),
  greater: comparison((x, y) => x > y),
  greater_equal: comparison((x, y) => x >= y),
  logical_and: comparison((x, y) => x && y),
  logical_or: comparison((x, y) => x || y),

  // along axes
  sum: (x, { axis, keepdims }) => reduced(x, axis, keepdims, 0, (total, e) => total + e),
  mean: (x, { axis, keepdims }) => meanOf(x, axis, keepdims),
  max: (x, { axis, keepdims }) => reduced(x, axis, keepdims, -Infinity, larger),
  min: (x, { axis, keepdims }) => reduced(x, axis, keepdims, Infinity, smaller),
  prod: (x, { axis }) => reduced(x, axis, false, 1, (product, e) => product * e),
  cumsum: (x, { axis }) =>
    running(
      [x],
      axis,
      (e) => e,
      (sum, e) => sum + e,
    ),
  cumprod: (x, { axis }) =>
    running(
      [x],
      axis,
      (e) => e,
      (product, e) => product * e,
    ),
  logcumsumexp: (x, { axis }) => running([x], axis, (e) => e, logAddExp),
  exclusive_cumprod: (x, { axis }) =>
    running(
      [x],
      axis,
      () => 1,
      (product, e, [before]) => product * before,
    ),
  linear_recurrence: (a, b, { axis }) =>
    running(
      [a, b],
      axis,
      () => 0,
      (z, e, [before, added]) => before * z + added,
    ),

  // moving elements about
  broadcast_to: (x, { shape }) => broadcastTo(x, shape),
  reshape: (x, { shape }) => reshaped(x, shape),
  transpose: (x, { axes }) => transposed(x, axes),
  astype: (x, { dtype }) => cast(x, dtype),
  concatenate: (...xs) => joined(xs.slice(0, -1), xs.at(-1).axis),
  stack: (...xs) => stacked(xs.slice(0, -1), xs.at(-1).axis),
  getitem: pickedFrom,
  roll: pickedFrom,
  scatter_add: (x, { picked, shape }) => putBack(x, picked, shape),

  // products of matrices
  matmul: product,
  linear: (x, weight, bias) => FORWARD.add(product(x, transposed(weight, null)), bias),
};

// ------------------------------------------------------------ numbers

// JavaScript says nan for 1 ** nan and for 1 ** inf; IEEE, and Python, say 1.
function power(x, y) {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

// A nan wins, from either side.
function larger(x, y) {
  return x >= y || Number.isNaN(x) ? x : y;
}

function smaller(x, y) {
  return x <= y || Number.isNaN(x) ? x : y;
}

function logAddExp(x, y) {
  return larger(x, y) + Math.log1p(Math.exp(-apart(x, y)));
}

function apart(x, y) {
  return x === y ? 0 : Math.abs(x - y); // of two infinities too
}

// As C's fmod, corrected to the sign of y, which is how NumPy and Python do it.
function remainder(x, y) {
  const rest = x % y;
  if (rest !== 0) return rest < 0 === y < 0 ? rest : rest + y;
  return y < 0 ? -0 : 0;
}

function floorDivide(x, y) {
  if (y === 0) return x / y;
  const rest = x % y;
  const quotient = (x - rest) / y - (rest !== 0 && rest < 0 !== y < 0 ? 1 : 0);
  return quotient - Math.floor(quotient) > 0.5 ? Math.floor(quotient) + 1 : Math.floor(quotient);
}

// The Gauss error function by a series of positive terms (Abramowitz and Stegun 7.1.6), so that nothing cancels.
function erf(x) {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x); // nearer to 1 than a float64 can tell
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

function comparison(holds) {
  const compare = pointwise((x, y) => (holds(x, y) ? 1 : 0));
  return (x, y) => ({ ...compare(x, y), dtype: "bool" });
}

// ------------------------------------------------------------ arrays

function meanOf(x, axis, keepdims) {
  const total = reduced({ ...x, dtype: "float64" }, axis, keepdims, 0, (sum, e) => sum + e);
  const count = total.data.length ? x.data.length / total.data.length : 0;
  return cast(
    array(
      x.dtype,
      total.shape,
      total.data.map((e) => e / (count || NaN)),
    ),
    x.dtype,
  );
}

// Along an axis: the first result, then each from the one so far, the element, and the elements before that one.
function running(xs, axis, first, next) {
  const { shape } = xs[0];
  const stride = stridesOf(shape)[axis];
  const data = new Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const isFirst = Math.floor(i / stride) % shape[axis] === 0;
    const before = xs.map((x) => x.data[i - stride]);
    data[i] = isFirst ? first(xs[0].data[i]) : next(data[i - stride], xs[0].data[i], before);
  }
  return cast(array(promoted(xs), shape, data), promoted(xs));
}

function joined(xs, axis) {
  const shape = xs[0].shape.map((n, a) => (a === axis ? xs.reduce((sum, x) => sum + x.shape[a], 0) : n));
  const outer = sizeOf(shape.slice(0, axis));
  const data = [];
  for (let i = 0; i < outer; i++) {
    for (const x of xs) {
      const block = x.data.length / outer;
      for (let j = i * block; j < (i + 1) * block; j++) data.push(x.data[j]);
    }
  }
  return cast(array(promoted(xs), shape, data), promoted(xs));
}

function stacked(xs, axis) {
  return joined(
    xs.map((x) => reshaped(x, x.shape.toSpliced(axis, 0, 1))),
    axis,
  );
}

// `picked` are the positions in C order that NumPy's index picks: Python worked them out.
function pickedFrom(x, { picked, shape }) {
  return array(
    x.dtype,
    shape,
    picked.map((p) => x.data[p]),
  );
}

function putBack(x, picked, shape) {
  const result = filled(x.dtype, shape, 0);
  picked.forEach((p, i) => (result.data[p] += x.data[i]));
  return cast(result, x.dtype);
}

function product(x, y) {
  const a = x.shape.length === 1 ? reshaped(x, [1, x.shape[0]]) : x;
  const b = y.shape.length === 1 ? reshaped(y, [y.shape[0], 1]) : y;
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape.at(-1);
  const batch = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const aBlocks = broadcastPositions(a.shape.slice(0, -2), batch);
  const bBlocks = broadcastPositions(b.shape.slice(0, -2), batch);
  const data = [];
  for (let block = 0; block < aBlocks.length; block++) {
    const aStart = aBlocks[block] * rows * inner;
    const bStart = bBlocks[block] * inner * columns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += a.data[aStart + i * inner + k] * b.data[bStart + k * columns + j];
        data.push(sum);
      }
    }
  }
  const shape = [...batch, ...(x.shape.length === 1 ? [] : [rows]), ...(y.shape.length === 1 ? [] : [columns])];
  return cast(array(promoted([x, y]), shape, data), promoted([x, y]));
}
