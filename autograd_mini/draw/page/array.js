// N-d arrays with NumPy's broadcasting and dtypes: what the ops compute on. No op is here, and no derivative.
"use strict";

// An array is {dtype, shape, data}, data in C order. A Python float is one of dtype "float": it promotes nothing.
const DTYPES = ["bool", "float", "float16", "float32", "float64"]; // each gives way to those after it

function array(dtype, shape, data) {
  return { dtype, shape, data };
}

function scalar(x) {
  return array("float", [], [x]);
}

function sizeOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

function sameShape(a, b) {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

function filled(dtype, shape, x) {
  return array(dtype, shape, new Array(sizeOf(shape)).fill(x));
}

function promoted(xs) {
  return DTYPES[Math.max(...xs.map((x) => DTYPES.indexOf(x.dtype)))];
}

// The nearest number that the dtype has.
function rounded(x, dtype) {
  if (dtype === "float32") return Math.fround(x);
  if (dtype === "float16") return toHalf(x);
  return x;
}

function toHalf(x) {
  if (x === 0 || !Number.isFinite(x)) return x;
  const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -14) - 10);
  const half = evenly(x / step) * step;
  return Math.abs(half) > 65504 ? Math.sign(x) * Infinity : half;
}

function evenly(x) {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

function cast(x, dtype) {
  return array(
    dtype,
    x.shape,
    Array.from(x.data, (e) => rounded(e, dtype)),
  );
}

// ------------------------------------------------------------ broadcasting

function broadcastShape(shapes) {
  const ndim = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: ndim }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - ndim + shape.length] ?? 1);
    return lengths.find((n) => n !== 1) ?? 1;
  });
}

function stridesOf(shape) {
  const strides = new Array(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// For each element of an array of this shape, in C order, the position it has by these strides.
function positions(shape, strides) {
  const size = sizeOf(shape);
  const result = new Int32Array(size);
  const index = new Array(shape.length).fill(0);
  for (let i = 0, at = 0; i < size; i++) {
    result[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

// For each element of `to` the position of the element of `from` that it is a copy of.
function broadcastPositions(from, to) {
  const strides = stridesOf(from);
  const extra = to.length - from.length;
  return positions(
    to,
    to.map((_, axis) => (axis < extra || from[axis - extra] === 1 ? 0 : strides[axis - extra])),
  );
}

function broadcastTo(x, shape) {
  if (sameShape(x.shape, shape)) return x;
  return array(
    x.dtype,
    shape,
    Array.from(broadcastPositions(x.shape, shape), (p) => x.data[p]),
  );
}

// The transpose of broadcasting, as in backward.py: summed over the axes along which `shape` was repeated.
function unbroadcast(g, shape) {
  if (sameShape(g.shape, shape)) return g;
  const sums = new Array(sizeOf(shape)).fill(0);
  broadcastPositions(shape, g.shape).forEach((p, i) => (sums[p] += g.data[i]));
  return cast(array(g.dtype, shape, sums), g.dtype);
}

// ------------------------------------------------------------ element by element, along axes

function pointwise(f) {
  return (...xs) => {
    const dtype = promoted(xs);
    const shape = xs.every((x) => sameShape(x.shape, xs[0].shape))
      ? xs[0].shape
      : broadcastShape(xs.map((x) => x.shape));
    const wide = xs.map((x) => (x.shape.length || shape.length ? broadcastTo(x, shape).data : x.data));
    const data = new Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = rounded(f(...wide.map((x) => x[i])), dtype);
    return array(dtype, shape, data);
  };
}

function keptShape(shape, axis) {
  if (axis === null) return shape.map(() => 1);
  const axes = [axis].flat().map((a) => (a < 0 ? a + shape.length : a));
  return shape.map((n, a) => (axes.includes(a) ? 1 : n));
}

function reduced(x, axis, keepdims, start, combine) {
  const kept = keptShape(x.shape, axis);
  const axes = [axis ?? []].flat().map((a) => (a < 0 ? a + x.shape.length : a));
  const data = new Array(sizeOf(kept)).fill(start);
  broadcastPositions(kept, x.shape).forEach((p, i) => (data[p] = combine(data[p], x.data[i])));
  const shape = keepdims ? kept : axis === null ? [] : x.shape.filter((_, a) => !axes.includes(a));
  return cast(array(x.dtype, shape, data), x.dtype);
}

function reshaped(x, shape) {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return array(
    x.dtype,
    shape.map((n) => (n === -1 ? x.data.length / known : n)),
    x.data,
  );
}

function transposed(x, axes) {
  const order = axes ? axes.map((a) => (a < 0 ? a + x.shape.length : a)) : x.shape.map((_, a) => a).reverse();
  const strides = stridesOf(x.shape);
  const shape = order.map((a) => x.shape[a]);
  return array(
    x.dtype,
    shape,
    Array.from(
      positions(
        shape,
        order.map((a) => strides[a]),
      ),
      (p) => x.data[p],
    ),
  );
}
