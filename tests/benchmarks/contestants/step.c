/* One training step of a net in - h1 - h2 - 1 with relu, hinge loss and L2, written by hand: loss and gradients, and
   with a rate other than 0 the update. The sizes and REAL are given to the compiler. Matrices lie row by row. */

/* into step(), where the lengths of all loops are known */
#define INLINE static inline __attribute__((always_inline))

INLINE REAL relu(REAL x) { return x > 0 ? x : 0; }

/* out (ROWS, n) = x (ROWS, m) @ w (n, m).T + b */
INLINE void linear(
    const REAL *restrict x, const REAL *restrict w, const REAL *restrict b, REAL *restrict out, int m, int n)
{
    REAL transposed[WIDEST * WIDEST];
    for (int j = 0; j < n; j++)
        for (int k = 0; k < m; k++)
            transposed[k * n + j] = w[j * m + k];
    for (int r = 0; r < ROWS; r++) {
        REAL *row = out + r * n;
        for (int j = 0; j < n; j++)
            row[j] = b[j];
        for (int k = 0; k < m; k++)
            for (int j = 0; j < n; j++)
                row[j] += x[r * m + k] * transposed[k * n + j];
    }
}

/* From g = d loss / d out: the gradients of w and b, and that of x where the relu before it let x through. */
INLINE void linear_backward(
    const REAL *restrict x, const REAL *restrict w, const REAL *restrict g, REAL *restrict gw, REAL *restrict gb,
    REAL *restrict gx, int m, int n)
{
    for (int i = 0; i < n * m; i++)
        gw[i] = 0;
    for (int j = 0; j < n; j++)
        gb[j] = 0;
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < n; j++) {
            REAL upstream = g[r * n + j];
            gb[j] += upstream;
            for (int k = 0; k < m; k++)
                gw[j * m + k] += upstream * x[r * m + k];
        }
    if (!gx)
        return;
    for (int r = 0; r < ROWS; r++) {
        REAL *row = gx + r * m;
        for (int k = 0; k < m; k++)
            row[k] = 0;
        for (int j = 0; j < n; j++)
            for (int k = 0; k < m; k++)
                row[k] += g[r * n + j] * w[j * m + k];
        for (int k = 0; k < m; k++)
            row[k] = x[r * m + k] > 0 ? row[k] : 0;
    }
}

/* The penalty of n parameters, whose gradient is added; then the step. */
INLINE REAL finish(REAL *p, REAL *g, int n, REAL rate)
{
    REAL penalty = 0;
    for (int i = 0; i < n; i++) {
        penalty += p[i] * p[i];
        g[i] += 2 * (REAL)L2 * p[i];
        p[i] -= rate * g[i];
    }
    return (REAL)L2 * penalty;
}

REAL step(const REAL *x, const REAL *y, REAL **p, REAL **g, REAL rate)
{
    static REAL h1[ROWS * H1], h2[ROWS * H2], out[ROWS], g1[ROWS * H1], g2[ROWS * H2], g3[ROWS];
    const int sizes[] = {H1 * IN, H1, H2 * H1, H2, H2, 1};
    REAL loss = 0;

    linear(x, p[0], p[1], h1, IN, H1);
    for (int i = 0; i < ROWS * H1; i++)
        h1[i] = relu(h1[i]);
    linear(h1, p[2], p[3], h2, H1, H2);
    for (int i = 0; i < ROWS * H2; i++)
        h2[i] = relu(h2[i]);
    linear(h2, p[4], p[5], out, H2, 1);
    for (int r = 0; r < ROWS; r++) {
        REAL slack = 1 - y[r] * out[r];
        loss += relu(slack) / ROWS;
        g3[r] = slack > 0 ? -y[r] / ROWS : 0;
    }
    linear_backward(h2, p[4], g3, g[4], g[5], g2, H2, 1);
    linear_backward(h1, p[2], g2, g[2], g[3], g1, H1, H2);
    linear_backward(x, p[0], g1, g[0], g[1], 0, IN, H1);
    for (int i = 0; i < 6; i++)
        loss += finish(p[i], g[i], sizes[i], rate);
    return loss;
}
