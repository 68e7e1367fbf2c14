// The forward function of ops on matrices in the last two axes, by plain elimination and reflection, and Einstein sums.
"use strict";

Object.assign(FORWARD, {
  einsum: (...xs) => summedProducts(xs.slice(0, -1), xs.at(-1).subscripts),
  triu: (x, { k }) => triangle(x, (row, column) => column - row >= k),
  tril: (x, { k }) => triangle(x, (row, column) => column - row <= k),
  inv: (x) => perMatrix([x], x.shape.slice(-2), inverse),
  solve: (x, y) => perMatrix([x, y], y.shape.slice(-2), (matrix, right) => eliminated(matrix, right).solution),
  det: (x) => perMatrix([x], [], determinant),
  cofactor: (...xs) => perMatrix(xs, xs[0].shape.slice(-2), cofactors),
  "slogdet.sign": (x) => perMatrix([x], [], (matrix) => productOf(pivotsOf(matrix).map(Math.sign))),
  "slogdet.logabsdet": (x) =>
    perMatrix([x], [], (matrix) => pivotsOf(matrix).reduce((sum, p) => sum + Math.log(Math.abs(p)), 0)),
  "slogdet.inverse": (x) =>
    perMatrix([x], x.shape.slice(-2), (matrix) =>
      pivotsOf(matrix).includes(0) ? matrix.map((row) => row.map(() => NaN)) : inverse(matrix),
    ),
  cholesky: (x) => perMatrix([x], x.shape.slice(-2), choleskyFactor),
  "qr.Q": (x) =>
    perMatrix([x], [x.shape.at(-2), Math.min(...x.shape.slice(-2))], (matrix) => orthogonalAndUpper(matrix).q),
  "qr.R": (x) =>
    perMatrix([x], [Math.min(...x.shape.slice(-2)), x.shape.at(-1)], (matrix) => orthogonalAndUpper(matrix).r),
});

// ------------------------------------------------------------ sums of products

// A letter of the subscripts is an axis: each product of the elements at the same letters is added to its place.
function summedProducts(xs, subscripts) {
  const [terms, output] = subscripts.split("->");
  const lengths = new Map();
  terms.split(",").forEach((term, i) => [...term].forEach((letter, axis) => lengths.set(letter, xs[i].shape[axis])));
  const letters = [...lengths.keys()];
  const every = [...lengths.values()];
  const shape = [...output].map((letter) => lengths.get(letter));
  const along = (term, ownShape) =>
    positions(
      every,
      letters.map((letter) => stridesOf(ownShape)[term.indexOf(letter)] ?? 0),
    );
  const from = terms.split(",").map((term, i) => along(term, xs[i].shape));
  const result = filled(promoted(xs), shape, 0);
  along(output, shape).forEach((to, at) => (result.data[to] += productOf(xs.map((x, i) => x.data[from[i][at]]))));
  return cast(result, result.dtype);
}

function productOf(numbers) {
  return numbers.reduce((product, e) => product * e, 1);
}

// ------------------------------------------------------------ matrices as rows, and batches of them

// A function of matrices as arrays of rows, applied to batches that broadcast. Each result has this shape.
function perMatrix(xs, shape, f) {
  const batch = broadcastShape(xs.map((x) => x.shape.slice(0, -2)));
  const at = xs.map((x) => broadcastPositions(x.shape.slice(0, -2), batch));
  const results = Array.from({ length: sizeOf(batch) }, (_, i) => f(...xs.map((x, j) => rowsOf(x, at[j][i]))));
  return cast(array(promoted(xs), [...batch, ...shape], results.flat(2)), promoted(xs));
}

function rowsOf(x, block) {
  const [rows, columns] = x.shape.slice(-2);
  return Array.from({ length: rows }, (_, i) =>
    x.data.slice((block * rows + i) * columns, (block * rows + i + 1) * columns),
  );
}

function identity(n) {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

// Of a vector as NumPy has it: of the matrix with that in each row.
function triangle(x, isKept) {
  const shape = x.shape.length === 1 ? [x.shape[0], x.shape[0]] : x.shape;
  const [rows, columns] = shape.slice(-2);
  const data = broadcastTo(x, shape).data;
  return array(
    x.dtype,
    shape,
    data.map((e, i) => (isKept(Math.floor(i / columns) % rows, i % columns) ? e : 0)),
  );
}

// ------------------------------------------------------------ elimination

// Gauss and Jordan's, the largest pivot first: what solves matrix @ solution = right, and the pivots, whose product is
// the determinant. Of a singular matrix a pivot is 0 and the solution inf or nan.
function eliminated(matrix, right) {
  const rows = matrix.map((row, i) => [...row, ...right[i]]);
  const pivots = rows.map((_, k) => {
    let best = k;
    for (let i = k + 1; i < rows.length; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    const pivot = rows[k][k];
    rows.forEach((row, i) => {
      const factor = row[k] / pivot;
      if (i !== k && pivot !== 0) for (let j = k; j < row.length; j++) row[j] -= factor * rows[k][j];
    });
    return best === k ? pivot : -pivot; // rows that change places turn the sign
  });
  const solution = rows.map((row, i) => row.slice(rows.length).map((e) => e / row[i]));
  return { solution, pivots };
}

function pivotsOf(matrix) {
  return eliminated(
    matrix,
    matrix.map(() => []),
  ).pivots;
}

function inverse(matrix) {
  return eliminated(matrix, identity(matrix.length)).solution;
}

function determinant(matrix) {
  return productOf(pivotsOf(matrix));
}

// By the determinants of what is left without a row and a column, so that singular matrices have them too.
function cofactors(matrix, ...directions) {
  const without = (rows, i, j) => rows.toSpliced(i, 1).map((row) => row.toSpliced(j, 1));
  return matrix.map((row, i) =>
    row.map((_, j) => {
      const minor = determinantAlong(...[matrix, ...directions].map((rows) => without(rows, i, j)));
      return (i + j) % 2 ? -minor : minor;
    }),
  );
}

// The derivative of the determinant along directions: each takes the place of the matrix in one row, in every way.
function determinantAlong(matrix, ...directions) {
  const along = (rows, free, [direction, ...others]) =>
    direction === undefined
      ? determinant(rows)
      : free.reduce(
          (sum, i) => sum + along(rows.with(i, direction[i]), free.filter((other) => other !== i), others),
          0,
        );
  return along(matrix, [...matrix.keys()], directions);
}

// ------------------------------------------------------------ decompositions

function choleskyFactor(matrix) {
  const lower = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i][j];
      for (let k = 0; k < j; k++) rest -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(rest) : rest / lower[j][j];
    }
  }
  return lower;
}

// By Householder's reflections with LAPACK's signs: each turns a column to the side where it is farther away.
function orthogonalAndUpper(matrix) {
  const r = matrix.map((row) => [...row]);
  const columns = r.length ? r[0].length : 0;
  const least = Math.min(r.length, columns);
  const q = identity(r.length).map((row) => row.slice(0, least));
  const normals = [];
  for (let k = 0; k < least; k++) {
    const normal = r.map((row, i) => (i < k ? 0 : row[k]));
    if (normal.slice(k + 1).some((e) => e !== 0)) {
      normal[k] += (normal[k] < 0 ? -1 : 1) * Math.hypot(...normal);
      normals.unshift(normal);
      reflect(r, normal);
      for (let i = k + 1; i < r.length; i++) r[i][k] = 0;
    }
  }
  for (const normal of normals) reflect(q, normal);
  return { q, r: r.slice(0, least) };
}

function reflect(rows, normal) {
  const square = normal.reduce((sum, e) => sum + e * e, 0);
  for (let j = 0; j < (rows[0]?.length ?? 0); j++) {
    const factor = (2 * rows.reduce((sum, row, i) => sum + row[j] * normal[i], 0)) / square;
    rows.forEach((row, i) => (row[j] -= factor * normal[i]));
  }
}
