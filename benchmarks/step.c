/* One training step of the demonstration, as a C programmer would write it first: loops over arrays.
 * MLP 2-h-h-1 with relu, hinge loss, alpha * sum of squares, gradient descent; all in doubles.
 * The parameters lie in one array: for each neuron its weights, then its bias. */

static double forward_layer(const double *w, const double *x, double *y, int nin, int nout, int relu)
{
    for (int j = 0; j < nout; j++, w += nin + 1) {
        double s = w[nin];
        for (int i = 0; i < nin; i++)
            s += w[i] * x[i];
        y[j] = relu && s < 0 ? 0 : s;
    }
    return y[0];
}

static void backward_layer(const double *w, double *dw, const double *x, double *dx, const double *dy, int nin, int nout)
{
    if (dx)
        for (int i = 0; i < nin; i++)
            dx[i] = 0;
    for (int j = 0; j < nout; j++, w += nin + 1, dw += nin + 1) {
        const double g = dy[j];
        for (int i = 0; i < nin; i++)
            dw[i] += g * x[i];
        dw[nin] += g;
        if (dx)
            for (int i = 0; i < nin; i++)
                dx[i] += g * w[i];
    }
}

/* Fills dp with the gradients, moves p by -lr times them, and returns the loss before the move. */
double step(const double *X, const double *t, int n, int h, double *p, double *dp, double lr, double alpha)
{
    const int size1 = 3 * h, size2 = (h + 1) * h, size = size1 + size2 + h + 1;
    double h1[h], h2[h], d1[h], d2[h], loss = 0, penalty = 0;
    for (int i = 0; i < size; i++) {
        dp[i] = 2 * alpha * p[i];
        penalty += p[i] * p[i];
    }
    for (int k = 0; k < n; k++) {
        const double *x = X + 2 * k;
        double score, margin, g;
        forward_layer(p, x, h1, 2, h, 1);
        forward_layer(p + size1, h1, h2, h, h, 1);
        forward_layer(p + size1 + size2, h2, &score, h, 1, 0);
        margin = 1 - t[k] * score;
        if (margin <= 0)
            continue;
        loss += margin;
        g = -t[k] / n;
        backward_layer(p + size1 + size2, dp + size1 + size2, h2, d2, &g, h, 1);
        for (int i = 0; i < h; i++)
            d2[i] *= h2[i] != 0;
        backward_layer(p + size1, dp + size1, h1, d1, d2, h, h);
        for (int i = 0; i < h; i++)
            d1[i] *= h1[i] != 0;
        backward_layer(p, dp, x, 0, d1, 2, h);
    }
    for (int i = 0; i < size; i++)
        p[i] -= lr * dp[i];
    return loss / n + alpha * penalty;
}
