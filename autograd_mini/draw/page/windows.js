// The forward function of windows that slide along axes: convolutions and pools are made of these ops and a product.
"use strict";

Object.assign(FORWARD, {
  sliding_window_view: (x, params) => windowsOf(x, params),
  overlap_add: (x, params) => putBack(x, windowPositions(params.shape, x.shape, params), params.shape),
  max_pool: (x) => reduced(x, 1, true, -Infinity, larger),
  first_equal: firstEqual,
});

function windowsOf(x, params) {
  const { window_shape, axis, stride, dilation } = params;
  const places = [...x.shape];
  axis.forEach(
    (a, i) => (places[a] = Math.floor((x.shape[a] - dilation[i] * (window_shape[i] - 1) - 1) / stride[i]) + 1),
  );
  const shape = [...places, ...window_shape];
  return pickedFrom(x, { picked: Array.from(windowPositions(x.shape, shape, params)), shape });
}

// 1 at the first element of each window that is z, or nan; else 0. The elements of a window lie along axis 1.
function firstEqual(windows, z) {
  const [, count, width] = windows.shape;
  const found = windows.data.map((x, i) => {
    const first = Math.floor(i / (count * width)) * width + (i % width);
    return x === z.data[first] || x !== x;
  });
  const data = found.map((here, i) => {
    const place = Math.floor(i / width) % count;
    for (let k = 1; k <= place; k++) if (found[i - k * width]) return 0;
    return here ? 1 : 0;
  });
  return array(windows.dtype, windows.shape, data);
}

// For each element of the windows its position in the array that they slide along.
function windowPositions(shape, windowsShape, { axis, stride, dilation }) {
  const strides = stridesOf(shape);
  const steps = strides.map((s, a) => s * (axis.includes(a) ? stride[axis.indexOf(a)] : 1));
  return positions(windowsShape, [...steps, ...axis.map((a, i) => strides[a] * dilation[i])]);
}
