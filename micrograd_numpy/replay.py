"""Run what `vectorize` has compiled: take arrays in, hand gradients out, and notice when to compile again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd_numpy.anomaly import watching
from micrograd_numpy.recording import Surroundings
from micrograd_numpy.value import Value, as_value, what_is

if TYPE_CHECKING:
    from micrograd_numpy.emit import ArrayProgram, FloatProgram
    from micrograd_numpy.vectorize import Node, Recipe

REDUCTIONS = ("mean", "sum", "none")

# Arrays pay for their calls if a statement computes at least this many numbers, on average: measured on
# graphs from 4 operations to 700, floats and arrays are equally fast somewhere between 1 and 14.
FEW = 5


# ---------------------------------------------------------------- arrays in


def as_batch(array: Any, name: str) -> np.ndarray:
    """`array` as a NumPy array of real numbers, samples first.

    Raises
    ------
    TypeError
        If it holds something that is not a real number.
    ValueError
        If it has no axis, or more than two, or no columns.
    """
    try:
        batch = np.asarray(array)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{name} must be an array, but its rows have different lengths; give all samples as many numbers") from None
    if batch.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but got {what_is(array)}; convert it first, for example with np.asarray(x, float)")
    if batch.ndim == 0:
        raise ValueError(f"{name} must hold a batch, samples first, but got the single number {array!r}; write [x] for one sample")
    if batch.ndim > 2 or batch.shape[1:] == (0,):
        raise ValueError(
            f"{name} must have the shape (samples,) or (samples, numbers), but has {batch.shape}; "
            "flatten each sample, for example with X.reshape(len(X), -1)"
        )
    return batch


# ---------------------------------------------------------------- programs, ready to run


class ArrayReplay:
    """An `ArrayProgram` with memory for n samples.

    The memory, 16 bytes for each row of Z and each sample, is allocated once: a call
    allocates nothing that grows with the batch.
    """

    def __init__(self, program: ArrayProgram, bind: Callable[..., Any], n: int) -> None:

        layout, recipe = program.layout, program.recipe
        S, dS = np.zeros(layout.slots), np.empty(layout.slots)
        Z, dZ = np.empty((layout.rows, n)), np.empty((layout.rows, n))
        for node in layout.constants:
            S[layout.place[node]] = node.number
        Z[layout.ones] = 1.0
        self.go_forward, self.go_backward = bind(S, dS, Z, dZ, n)
        self.inputs = [Z[(first := layout.place[nodes[0]]) : first + len(nodes)] for nodes in recipe.arguments]
        self.parameters = parameters_of(layout.parameters)
        self.pack, self.S = struct.Struct(f"{len(self.parameters)}d").pack_into, S.data
        self.gradients = dS[: len(self.parameters)]

        def row(node: Node, wide: Any, flat: Any) -> Any:
            place = layout.place[node]
            return wide[place] if node.wide else flat[place : place + 1]

        asked = (*recipe.results, *(node for node, _, _ in recipe.checks))
        self.results = [row(node, Z, S) for node in asked]
        self.seeds = [(row(node, dZ, dS), node.wide) for node in recipe.results]

    def forward(self, batches: Sequence[np.ndarray]) -> None:
        """Compute the results."""
        for rows, batch in zip(self.inputs, batches):
            rows[...] = batch.T
        # what a struct packs is what an array holds; nothing else takes a list of floats as fast
        self.pack(self.S, 0, *[p.data for p in self.parameters])
        self.go_forward()

    def backward(self, seeds: Sequence[np.ndarray]) -> list[float]:
        """Compute the gradient of each parameter, given those of the results."""
        for (row, wide), seed in zip(self.seeds, seeds):
            row[...] = seed if wide else seed.sum()
        self.go_backward()
        gradients: list[float] = self.gradients.tolist()
        return gradients


class FloatReplay:
    """A `FloatProgram`, for what is so small that arrays do not pay."""

    def __init__(self, program: FloatProgram, functions: dict[str, Any]) -> None:
        self.go_forward, self.go_backward = functions["forward"], functions["backward"]
        self.parameters = parameters_of(program.recipe.parameters)

    def forward(self, batches: Sequence[np.ndarray]) -> None:
        """Compute the results."""
        columns = (column for batch in batches for column in (batch.T if batch.ndim == 2 else (batch,)))
        self.samples = list(zip(*(column.astype(float).tolist() for column in columns)))
        self.numbers = [p.data for p in self.parameters]
        self.results = list(np.array(self.go_forward(self.samples, self.numbers)).T)

    def backward(self, seeds: Sequence[np.ndarray]) -> list[float]:
        """Compute the gradient of each parameter, given those of the results."""
        rows = zip(*(seed.tolist() for seed in seeds))
        return list(self.go_backward(self.samples, self.numbers, rows))


def parameters_of(nodes: Sequence[Node]) -> list[Value]:
    """The Values that some nodes stand for."""
    return [node.parameter for node in nodes if node.parameter is not None]


class Compiled:
    """A function, compiled for arguments of some shapes."""

    def __init__(self, recipe: Recipe, programs: tuple[ArrayProgram, FloatProgram], fn: Callable[..., Any]) -> None:
        self.recipe, (self.arrays, self.floats) = recipe, programs
        self.bind = load(self.arrays)["bind"]
        self.surroundings = Surroundings(fn)
        self.free: dict[int, list[ArrayReplay]] = {}  # by the size of the batch
        self.functions: dict[str, Any] = {}  # of `floats`, when they are needed
        shared, wide = self.arrays.work(0), self.arrays.work(1) - self.arrays.work(0)
        self.least = (FEW * self.arrays.statements - shared) / max(wide, 1)  # samples for which arrays pay

    def replay(self, n: int) -> ArrayReplay | FloatReplay:
        """A program for a batch of n, with memory that nobody else uses."""
        if n < self.least:
            self.functions = self.functions or load(self.floats)
            return FloatReplay(self.floats, self.functions)
        free = self.free.get(n)
        if free:
            return free.pop()
        if free is None:
            self.free[n] = []
            if len(self.free) > 8:  # of many sizes, keep the last
                del self.free[next(iter(self.free))]
        return ArrayReplay(self.arrays, self.bind, n)

    def put_back(self, replay: ArrayReplay | FloatReplay, n: int) -> None:
        """Keep memory for the next call."""
        free = self.free.get(n)
        if free is not None and len(free) < 2 and isinstance(replay, ArrayReplay):
            free.append(replay)


def load(program: ArrayProgram | FloatProgram) -> dict[str, Any]:
    """The functions of a program."""
    names = program.environment()
    source = program.source
    exec(compile(source, "<vectorize>", "exec"), names)  # noqa: S102  # we have just written it
    return names


def argument_names(fn: Callable[..., Any], count: int) -> list[str]:
    """The names of the first arguments of `fn`, where they are simple enough to be names in a program."""
    from inspect import signature

    try:
        names = list(signature(fn).parameters)
    except (TypeError, ValueError):
        names = []
    return [name if name.isidentifier() else f"x{i}" for i, name in enumerate([*names, *[""] * count][:count])]


# ---------------------------------------------------------------- results out


class Batch:
    """What a vectorized function makes of a batch: a number, and the way back to the parameters.

    Attributes
    ----------
    data : float or numpy.ndarray
        The mean or the sum over the batch; with the reduction "none", the results of all samples, of
        shape (samples,), or (samples, results) if the function returns a list.
    """

    __slots__ = ("_batches", "_compiled", "_function", "_n", "_replay", "data")

    def __init__(self, function: Vectorized, batches: list[np.ndarray]) -> None:
        self._function, self._batches, self._n = function, batches, len(batches[0])
        self._compiled, self._replay = function._run(batches)
        with np.errstate(all="ignore"):
            self.data: Any = function._reduced(self._compiled.recipe, self._replay, self._n)

    def backward(self, gradient: Any = None) -> None:
        """Add to the `grad` of each parameter the derivative of `data` with respect to it.

        May be called again, and adds again; other calls of the function in between do no harm.

        Parameters
        ----------
        gradient : array of the shape of `data`, optional
            Only with the reduction "none": how much each result counts, ∂loss/∂result.

        Raises
        ------
        TypeError
            If there is a gradient, and `data` is one number; or the other way round.
        ValueError
            If the gradient has another shape than `data`.
        """
        seeds = self._function._seeds(self._n, self.data, gradient)
        if watching.get():
            self._function._watch(self._compiled.recipe, self._batches, seeds)
        with np.errstate(all="ignore"):
            gradients = self._replay.backward(seeds)
        pairs = zip(self._replay.parameters, gradients)
        try:
            for p, g in pairs:
                p.grad += g
        except BaseException as error:  # Ctrl-C: all or nothing, so do the rest. Or a gradient of None: a habit from PyTorch
            was_none = isinstance(error, TypeError) and p.grad is None
            if was_none:
                p.grad = g
            for p, g in pairs:
                p.grad = g if p.grad is None else p.grad + g
            if not was_none:
                raise

    def __float__(self) -> float:
        return float(self.data)

    def __repr__(self) -> str:
        return f"Batch(data={self.data!r})"

    def __del__(self) -> None:
        if hasattr(self, "_replay"):  # else it could not be made
            self._compiled.put_back(self._replay, self._n)


# ---------------------------------------------------------------- the function


class Vectorized:
    """A function of one sample that takes batches: what `vectorize` returns."""

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str,
        record: Callable[..., Recipe],
        compile_recipe: Callable[[Recipe], tuple[ArrayProgram, FloatProgram]],
    ) -> None:
        if not callable(fn):
            raise TypeError(f"vectorize needs a function of one sample, but got {what_is(fn)}")
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, but got {reduction!r}")
        update_wrapper(self, fn, updated=())
        self.fn, self.reduction = fn, reduction
        self._record, self._compile_recipe = record, compile_recipe
        self._compiled: dict[tuple[Any, ...], Compiled] = {}  # by the shapes of one sample
        self._latest: Compiled | None = None
        self._even: dict[int, np.ndarray] = {}

    def __call__(self, *arrays: Any) -> Batch:
        """The function of a batch: arrays of shape (samples,) or (samples, numbers), one for each argument.

        Returns
        -------
        Batch
            With `data` and `backward()`.

        Raises
        ------
        TypeError
            If an array does not hold real numbers, or the function asks a Value for its number.
        ValueError
            If the arrays do not fit together, or a result is not one number and should be reduced.
        """
        return Batch(self, as_batches(arrays))

    def forward(self, *arrays: Any) -> np.ndarray:
        """The function of each sample, with no way back: an array of shape (samples,) or (samples, results)."""
        batches = as_batches(arrays)
        compiled, replay = self._run(batches)
        results = each(compiled.recipe, replay, len(batches[0]))
        compiled.put_back(replay, len(batches[0]))
        return results

    @property
    def source(self) -> str:
        """The NumPy program for arguments of the shapes of the latest call."""
        return self._program.source

    def explain(self) -> str:
        """What each pass of the compiler did, in numbers."""
        return self._program.explain()

    @property
    def _program(self) -> ArrayProgram:
        if self._latest is None:
            raise ValueError("nothing is compiled yet: the shapes of the arguments are not known; call the function once")
        return self._latest.arrays

    def _run(self, batches: list[np.ndarray]) -> tuple[Compiled, ArrayReplay | FloatReplay]:
        """Compile what has to be compiled, and go forward."""
        key = tuple([batch.shape[1:] for batch in batches])
        compiled = self._compiled.get(key)
        if compiled is None or not compiled.surroundings.unchanged():
            if compiled is not None:
                self._compiled.clear()
            recipe = self._record(self.fn, [batch[0].tolist() for batch in batches], argument_names(self.fn, len(batches)))
            compiled = self._compiled[key] = Compiled(recipe, self._compile_recipe(recipe), self.fn)
        self._latest = compiled
        if watching.get():
            self._watch(compiled.recipe, batches)
        n = len(batches[0])
        replay = compiled.replay(n)
        with np.errstate(all="ignore"):
            replay.forward(batches)
        if compiled.recipe.checks:
            check(compiled.recipe, replay)
        return compiled, replay

    def _reduced(self, recipe: Recipe, replay: Any, n: int) -> Any:
        """`Batch.data`."""
        if self.reduction == "none":
            return each(recipe, replay, n)
        if not recipe.single:
            raise ValueError(
                f"the {self.reduction} is of one result, but the function returned a list of {len(recipe.results)}; "
                'use forward(...), or vectorize(fn, reduction="none")'
            )
        result = replay.results[0]
        total = float(result.sum()) if recipe.results[0].wide else float(result[0]) * n
        return total / n if self.reduction == "mean" else total

    def _seeds(self, n: int, data: Any, gradient: Any) -> list[np.ndarray]:
        """The gradients of the results of all samples."""
        if self.reduction != "none":
            if gradient is not None:
                raise TypeError("backward takes a gradient only with reduction='none'; data is one number, whose gradient is 1")
            if n not in self._even:
                self._even = {n: np.full(n, 1.0 / n if self.reduction == "mean" else 1.0)}
            return [self._even[n]]
        if gradient is None:
            raise TypeError(
                f"with reduction='none', backward needs to know how much each result counts: an array of shape {data.shape}, "
                "for example np.ones_like(result.data) for their sum"
            )
        seeds = as_batch(gradient, "gradient").astype(float)
        if seeds.shape != data.shape:
            raise ValueError(f"the gradient must have the shape of data, {data.shape}, but has {seeds.shape}")
        return [seeds] if seeds.ndim == 1 else list(seeds.T)

    def _watch(self, recipe: Recipe, batches: list[np.ndarray], seeds: list[np.ndarray] | None = None) -> None:
        """For `detect_anomaly`: do it all in the eager engine, which can tell what went wrong where."""
        parameters = parameters_of(recipe.parameters)
        before = [p.grad for p in parameters]
        try:
            for i in range(len(batches[0])):
                rows = [batch[i].tolist() for batch in batches]
                answer = self.fn(*([Value(x) for x in row] if isinstance(row, list) else Value(row) for row in rows))
                if seeds is not None:
                    results = answer if isinstance(answer, (list, tuple)) else [answer]
                    for result, seed in zip(results, seeds):
                        (as_value(result) * float(seed[i])).backward()
        finally:
            for p, grad in zip(parameters, before):
                p.grad = grad


def as_batches(arrays: Sequence[Any]) -> list[np.ndarray]:
    """The arguments as arrays of equal length."""
    if not arrays:
        raise TypeError("a vectorized function needs at least one array, samples first")
    batches = [as_batch(array, f"argument {i}") for i, array in enumerate(arrays, 1)]
    n = len(batches[0])
    for i, batch in enumerate(batches, 1):
        if len(batch) != n:
            raise ValueError(f"all arguments need as many samples, but argument 1 has {n} and argument {i} has {len(batch)}")
    if n == 0:
        raise ValueError("got a batch of no samples; give at least one")
    return batches


def check(recipe: Recipe, replay: ArrayReplay | FloatReplay) -> None:
    """Ask of all samples what the function asks of one, such as whether a label is one of ±1."""
    for (_, holds, complaint), numbers in zip(recipe.checks, replay.results[len(recipe.results) :]):
        fine = holds(numbers)
        if not fine.all():
            worst = int(np.argmin(fine))
            error = complaint(float(numbers[worst]))
            raise type(error)(f"sample {worst}: {error}")


def each(recipe: Recipe, replay: Any, n: int) -> np.ndarray:
    """The results of all samples, as an array of its own."""
    results = np.empty((n, len(recipe.results)))
    for i, result in enumerate(replay.results[: len(recipe.results)]):
        results[:, i] = result
    return results[:, 0] if recipe.single else results
