"""Run what `vectorize` has compiled: take arrays in, hand gradients out, and notice when to compile again."""

from __future__ import annotations

import struct
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from inspect import signature
from typing import Any

import numpy as np

from micrograd_numpy.anomaly import watching
from micrograd_numpy.arrays import Recipe, RecipeNode, record
from micrograd_numpy.compiler.array_program import ArrayProgram
from micrograd_numpy.compiler.difference import difference, pieces
from micrograd_numpy.compiler.float_program import FloatProgram
from micrograd_numpy.compiler.programs import Programs
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.value import Value, as_value

REDUCTIONS = ("mean", "sum", "none")
MOST = 16  # how many programs a function keeps, for arguments of different shapes

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
        raise ValueError(
            f"{name} must be an array, but its rows have different lengths; give all samples as many numbers"
        ) from None
    if batch.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must hold real numbers, but got {what_is(array)}; "
            "convert it first, for example with np.asarray(x, float)"
        )
    if batch.ndim == 0:
        raise ValueError(
            f"{name} must hold a batch, samples first, but got the single number {array!r}; write [x] for one sample"
        )
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

        def row(node: RecipeNode, wide: Any, flat: Any) -> Any:
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


def parameters_of(nodes: Sequence[RecipeNode]) -> tuple[Value, ...]:
    """The Values that some nodes stand for."""
    return tuple(node.parameter for node in nodes if node.parameter is not None)


class Compiled:
    """A function, compiled for arguments of some shapes. What is not run is not compiled."""

    def __init__(self, programs: Programs, calls: int) -> None:
        self.recipe, self.programs, self.calls = programs.recipe, programs, calls
        self.pieces = list(pieces(programs.recipe))  # what it does now, to be compared later
        self.free: dict[int, list[ArrayReplay]] = {}  # by the size of the batch

    @cached_property
    def bind(self) -> Callable[..., Any]:
        """What makes functions of the array program."""
        bind: Callable[..., Any] = load(self.programs.arrays)["bind"]
        return bind

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The functions of the float program."""
        return load(self.programs.floats)

    def pays(self, n: int) -> bool:
        """Whether arrays are faster than floats for n samples."""
        share = self.programs.share  # there is a statement for each level at least, so most need not be written
        return share(n, self.programs.levels) >= FEW and share(n, self.programs.arrays.statements) >= FEW

    def replay(self, n: int) -> ArrayReplay | FloatReplay:
        """A program for a batch of n, with memory that nobody else uses."""
        free = self.free.get(n)
        if free:
            return free.pop()
        if free is None and not self.pays(n):
            return FloatReplay(self.programs.floats, self.functions)
        if free is None:
            self.free[n] = []
            if len(self.free) > 8:  # of many sizes, keep the last
                del self.free[next(iter(self.free))]
        return ArrayReplay(self.programs.arrays, self.bind, n)

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
    try:
        names = list(signature(fn).parameters)
    except (TypeError, ValueError):
        names = []
    return [name if name.isidentifier() else f"x{i}" for i, name in enumerate([*names, *[""] * count][:count])]


# ---------------------------------------------------------------- results out


class Call:
    """One call of a vectorized function: its memory, from which the way back starts."""

    def __init__(self, function: Vectorized, batches: list[np.ndarray]) -> None:
        self.function, self.batches, self.n = function, batches, len(batches[0])
        self.compiled, self.replay = function._run(batches)

    def gradients(self, seeds: list[np.ndarray]) -> list[float]:
        """The gradient of each parameter, where each result counts as much as its seed."""
        if watching.get():
            self.function._watch(self.compiled.recipe, self.batches, seeds)
        with np.errstate(all="ignore"):
            return self.replay.backward(seeds)

    def __del__(self) -> None:
        if hasattr(self, "replay"):  # else it could not be made
            self.compiled.put_back(self.replay, self.n)


def hand_out(parameters: Iterable[Value], gradients: Iterable[float]) -> None:
    """Add to the gradient of each parameter: to all, or to none."""
    pairs = zip(parameters, gradients)
    try:
        for p, g in pairs:
            try:
                p.grad += g
            except TypeError:
                if p.grad is not None:  # None counts as zero, as in PyTorch
                    raise
                p.grad = g  # type: ignore[unreachable]  # by its type
    except BaseException:  # Ctrl-C: do the rest
        for p, g in pairs:
            p.grad = g if p.grad is None else p.grad + g
        raise


class Batch(Value):
    """The mean or the sum over a batch: a Value whose inputs are the parameters.

    Like any other Value it can be used in a formula, as in `batch + 0.01 * penalty`. Its local derivatives,
    one for each parameter, are computed when they are asked for, all samples at once.
    """

    __slots__ = ("_call", "_seeds")

    def __init__(self, data: float, call: Call, seeds: list[np.ndarray]) -> None:
        self.data, self.grad, self.label = data, 0.0, ""
        self._prev, self._op, self._rule = call.replay.parameters, "batch", None
        self._call, self._seeds = call, seeds

    @property
    def _local(self) -> tuple[float, ...]:  # type: ignore[override]  # where other Values store it
        return tuple(self._call.gradients(self._seeds))

    def backward(self, gradient: None = None) -> None:
        """Add to the `grad` of each parameter the derivative of `data` with respect to it.

        May be called again, and adds again; other calls of the function in between do no harm.

        Raises
        ------
        TypeError
            If it is given a gradient, which only the reduction "none" leaves open.
        """
        if gradient is not None:
            raise TypeError(
                "backward takes a gradient only with reduction='none'; data is one number, whose gradient is 1"
            )
        self.grad = 1.0
        hand_out(self._prev, self._call.gradients(self._seeds))  # what any Value does, without a sort


class Results:
    """The results of all samples, which is what the reduction "none" leaves, and the way back to the parameters.

    Attributes
    ----------
    data : numpy.ndarray
        Of shape (samples,), or (samples, results) if the function returns a list.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self.data = each(call.compiled.recipe, call.replay, call.n)

    def backward(self, gradient: Any = None) -> None:
        """Add to the `grad` of each parameter the derivative of what is made of the results.

        May be called again, and adds again; other calls of the function in between do no harm.

        Parameters
        ----------
        gradient : array of the shape of `data`
            How much each result counts, ∂loss/∂result.

        Raises
        ------
        TypeError
            If there is no gradient.
        ValueError
            If it has another shape than `data`.
        """
        if gradient is None:
            raise TypeError(
                "with reduction='none', backward needs to know how much each result counts: "
                f"an array of shape {self.data.shape}, "
                "for example np.ones_like(result.data) for their sum"
            )
        seeds = as_batch(gradient, "gradient").astype(float)
        if seeds.shape != self.data.shape:
            raise ValueError(f"the gradient must have the shape of data, {self.data.shape}, but has {seeds.shape}")
        rows = [seeds] if seeds.ndim == 1 else list(seeds.T)
        hand_out(self._call.replay.parameters, self._call.gradients(rows))

    def __repr__(self) -> str:
        return f"Results(data={self.data!r})"


# ---------------------------------------------------------------- the function


@dataclass
class State:
    """What a function has been compiled to."""

    compiled: dict[tuple[Any, ...], Compiled] = field(default_factory=dict)  # by the shapes of one sample
    latest: Compiled | None = None


class Vectorized:
    """A function of one sample that takes batches: what `vectorize` returns."""

    def __init__(self, fn: Callable[..., Any], reduction: str) -> None:
        if not callable(fn):
            raise TypeError(f"vectorize needs a function of one sample, but got {what_is(fn)}")
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, but got {reduction!r}")
        update_wrapper(self, fn, updated=())
        self.fn, self.reduction = fn, reduction
        self._state = State()
        self._even: dict[int, np.ndarray] = {}
        self._methods: dict[int, tuple[weakref.ref[Any], State]] = {}  # by the identity of the object

    def __get__(self, owner: Any, owner_class: type | None = None) -> Vectorized:
        """As a method: for each object a function with programs of its own, which go when the object goes."""
        if owner is None:
            return self
        me, methods = id(owner), self._methods
        if me not in methods:
            try:
                methods[me] = weakref.ref(owner, lambda _: methods.pop(me)), State()
            except TypeError:
                raise TypeError(
                    f"a vectorized method needs objects that can be referred to weakly; add '__weakref__' to the "
                    f"__slots__ of {type(owner).__name__}"
                ) from None
        bound = Vectorized(self.fn.__get__(owner), self.reduction)
        bound._state = methods[me][1]
        return bound

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has programs of its own, for what its function sees."""
        return Vectorized, (self.fn, self.reduction)

    def __call__(self, *arrays: Any) -> Batch | Results:
        """The function of a batch: arrays of shape (samples,) or (samples, numbers), one for each argument.

        Returns
        -------
        Batch or Results
            The mean or the sum, a Value; with the reduction "none", the results of all samples.

        Raises
        ------
        TypeError
            If an array does not hold real numbers, or the function asks a Value for its number.
        ValueError
            If the arrays do not fit together, or a result is not one number and should be reduced.
        """
        call = Call(self, as_batches(arrays))
        if self.reduction == "none":
            return Results(call)
        recipe, n = call.compiled.recipe, call.n
        if not recipe.single:
            raise ValueError(
                f"the {self.reduction} is of one result, but the function returned a list of {len(recipe.results)}; "
                'use forward(...), or vectorize(fn, reduction="none")'
            )
        result = call.replay.results[0]
        with np.errstate(all="ignore"):
            total = float(np.add.reduce(result)) if recipe.results[0].wide else float(result[0]) * n
        if n not in self._even:
            self._even = {n: np.full(n, 1.0 / n if self.reduction == "mean" else 1.0)}
        return Batch(total / n if self.reduction == "mean" else total, call, [self._even[n]])

    def forward(self, *arrays: Any) -> np.ndarray:
        """The function of each sample, with no way back: an array of shape (samples,) or (samples, results)."""
        call = Call(self, as_batches(arrays))
        return each(call.compiled.recipe, call.replay, call.n)

    @property
    def source(self) -> str:
        """The NumPy program for arguments of the shapes of the latest call."""
        return self._program.source

    def explain(self) -> str:
        """What each pass of the compiler did, in numbers."""
        return self._program.explain()

    @property
    def _latest(self) -> Compiled | None:
        return self._state.latest

    @property
    def _program(self) -> ArrayProgram:
        if self._latest is None:
            raise ValueError(
                "nothing is compiled yet: the shapes of the arguments are not known; call the function once"
            )
        return self._latest.programs.arrays

    def forget(self) -> None:
        """Record and compile anew at the next call, because something has changed that the function sees."""
        self._state.compiled.clear()

    def _compile(self, batches: list[np.ndarray]) -> Compiled:
        """The program for such arguments: record the function if there is none, or to see whether it still is right."""
        key, compiled = tuple([batch.shape[1:] for batch in batches]), self._state.compiled
        latest = compiled.get(key)
        calls = latest.calls + 1 if latest else 1
        unchanged = latest is not None and latest.recipe.structure.unchanged()
        if latest and unchanged:
            latest.calls = calls
            if calls & (calls - 1):  # at call 2, 4, 8, …, see whether the function still does the same
                return latest
        recipe = record(self.fn, [batch[0].tolist() for batch in batches], argument_names(self.fn, len(batches)))
        if latest and unchanged:
            news = difference(latest.pieces, list(pieces(recipe)))
            if not news:
                return latest
            self._warn(news, calls // 2 - 1)
        compiled.pop(key, None)
        if len(compiled) == MOST:
            del compiled[next(iter(compiled))]
        compiled[key] = Compiled(Programs(recipe), calls)
        return compiled[key]

    def _warn(self, news: str, since: int) -> None:
        """Say that the function does something else, and how many calls may have missed it."""
        name = getattr(self.fn, "__name__", type(self.fn).__name__)
        missed = f"; {since} call{'s' * (since > 1)} before it may have missed the change" if since else ""
        warnings.warn(
            f"{name!r} has changed: {news}. It is compiled anew for this call{missed}. What a vectorized function sees "
            "is frozen, except for its arguments, the numbers of its parameters and what it asks of its Modules. Pass "
            f"what changes as an argument, or call {name}.forget() after a change",
            RuntimeWarning,
            stacklevel=6,
        )

    def _run(self, batches: list[np.ndarray]) -> tuple[Compiled, ArrayReplay | FloatReplay]:
        """Compile what has to be compiled, and go forward."""
        self._state.latest = compiled = self._compile(batches)
        if watching.get():
            self._watch(compiled.recipe, batches)
        n = len(batches[0])
        replay = compiled.replay(n)
        with np.errstate(all="ignore"):
            replay.forward(batches)
        if compiled.recipe.checks:
            check_all_samples(compiled.recipe, replay)
        return compiled, replay

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
            raise ValueError(
                f"all arguments need as many samples, but argument 1 has {n} and argument {i} has {len(batch)}"
            )
    if n == 0:
        raise ValueError("got a batch of no samples; give at least one")
    return batches


def check_all_samples(recipe: Recipe, replay: ArrayReplay | FloatReplay) -> None:
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
