"""Parameters: what they may hold, how an optimizer groups them, and how it is saved and loaded.

The chapter on optimizers builds on this and tells what it is for. What is looked at where, so that
no parameter turns into something else unnoticed, and no step gets slower:

- `Module.state_dict`, `Optimizer.state_dict` and `clip_grad_norm` look at every number they read;
  so does the first step of an optimizer, and every hundredth after it.
- Every other step looks at the first parameter of each group: a line of code that is wrong is mostly
  wrong for all of them. What cannot be computed with is found by the arithmetic itself.
- Looking means: a NumPy scalar or an int becomes the float it stands for. Anything else, such as a Value
  in `.data`, is an error that names the parameter. A gradient of None is no gradient: a step skips its
  parameter, `clip_grad_norm` leaves it out, and `backward` starts it from zero, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from micrograd_numpy.guards.numbers import as_float, what_is
from micrograd_numpy.value import Value

Parameters = Iterable[Value] | Iterable[dict[str, Any]]  # or groups of them
INSTEAD = {"data": "p.data -= lr * p.grad", "grad": "p.grad = 0.0"}


def at_least_zero(name: str, x: object, below: float | None = None) -> float:
    """The hyperparameter `x` as a float, if 0 ≤ x and, where `below` is given, x < below.

    Raises
    ------
    TypeError
        If `x` is not one real number.
    ValueError
        If it is out of range, or nan.
    """
    try:
        number = as_float(x)
    except TypeError:
        raise TypeError(f"{name} must be a real number, but got {what_is(x)}") from None
    except OverflowError as error:
        raise ValueError(f"{name} is too large: {error}") from None
    if not number >= 0.0 or (below is not None and number >= below):
        upper = "" if below is None else f" and less than {below:g}"
        raise ValueError(f"{name} must be at least 0{upper}, but got {number!r}")
    return number


def true_or_false(name: str, x: object) -> bool:
    """The hyperparameter `x` as a bool.

    Raises
    ------
    TypeError
        If it is neither True nor False, nor NumPy's, nor 1 or 0.
    """
    try:
        number = as_float(x)
    except (TypeError, OverflowError):
        number = None
    if number not in (0.0, 1.0):
        raise TypeError(f"{name} must be True or False, but got {what_is(x)}")
    return bool(number)


def expect_floats(name: object, p: Any) -> None:
    """Make sure that a parameter is a Value that holds floats.

    Raises
    ------
    TypeError
        If it is none, if its data is not one real number, or its gradient neither that nor None.
    """
    if not isinstance(p, Value):
        raise TypeError(f"parameter {name} must be a Value, but got {what_is(p)}; pass model.parameters() or [w, b]")
    for attribute in ("data", "grad"):
        x = getattr(p, attribute)
        if x is None and attribute == "grad":
            continue
        try:
            setattr(p, attribute, as_float(x))
        except (TypeError, OverflowError):
            label = f" ({p.label})" if p.label else ""
            held = "a Value" if isinstance(x, Value) else what_is(x)  # whose own data may be odd, too
            raise TypeError(
                f"parameter {name}{label} must hold a float in .{attribute}, but holds {held}; "
                f"change it by numbers, as in {INSTEAD[attribute]}"
            ) from None


def expect_all_floats(parameters: Iterable[Any]) -> None:
    """Make sure that every parameter is a Value that holds floats."""
    for i, p in enumerate(parameters):
        if not isinstance(p, Value) or type(p.data) is not float or type(p.grad) is not float:
            expect_floats(i, p)


def numbers_of_state(state: Any, names: Collection[str], model: object) -> list[float]:
    """The number that a model's state has for each name, if it has one for each and no other.

    Raises
    ------
    ValueError
        If a name is missing or unexpected.
    TypeError
        If `state` is not a mapping, or holds something that is not one real number.
    """
    if not isinstance(state, Mapping):
        raise TypeError(
            f"expected a mapping from names to numbers, but got {type(state).__name__}; "
            "pass what state_dict() returned, or what json.load read"
        )
    missing = [name for name in names if name not in state]
    unexpected = [name for name in state if name not in names]
    if missing or unexpected:
        faults = ((missing, "missing"), (unexpected, "unexpected"))
        told = "; ".join(f"{len(odd)} {fault}: {first_few(odd)}" for odd, fault in faults if odd)
        raise ValueError(f"the state does not fit {model!r}: {told}; load it into a model of the same sizes")
    numbers = []
    for name in names:
        try:
            numbers.append(as_float(state[name]))
        except (TypeError, OverflowError) as error:
            raise type(error)(f"bad number for {name!r}: {error}") from None
    return numbers


def first_few(names: list[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def call_closure(closure: Any) -> Any:
    """What `closure` returns.

    Raises
    ------
    TypeError
        If it cannot be called.
    """
    if not callable(closure):
        raise TypeError(
            f"step() takes a function that computes the loss, but got {what_is(closure)}; "
            "call loss.backward() yourself, and then step()"
        )
    return closure()


def as_parameters(parameters: object, taker: str = "an optimizer") -> list[Any]:
    """Parameters, or groups of them, in a list.

    Raises
    ------
    TypeError
        If they are not in an iterable that has an order.
    """
    if isinstance(parameters, AbstractSet):
        raise TypeError(
            f"{taker} takes its parameters in an order that is the same in every run, and a set has none; "
            "pass them in a list"
        )
    if isinstance(parameters, Mapping):
        raise TypeError(
            f"{taker} takes its parameters as a list, but got {what_is(parameters)}; "
            "pass list(d.values()), or put a group with its 'params' into a list"
        )
    if not isinstance(parameters, Iterable):
        raise TypeError(
            f"{taker} takes its parameters as a list or another iterable of Values, such as "
            f"model.parameters() or [w, b], but got {what_is(parameters)}"
        )
    return list(parameters)


def expect_distinct_leaves(parameters: Iterable[Any]) -> None:
    """Make sure that each is a leaf, that none comes twice, and that all hold floats.

    Raises
    ------
    TypeError
        If one is not a Value, or holds something else than numbers.
    ValueError
        If one was made by an operation, or comes twice.
    """
    first: dict[Value, int] = {}
    for i, p in enumerate(parameters):
        expect_floats(i, p)
        if p._prev:
            raise ValueError(
                f"only leaves can be optimized, but parameter {i}, {p!r}, was made by {p._op!r}: "
                "its number follows from its inputs, so optimize those"
            )
        if first.setdefault(p, i) != i:
            raise ValueError(
                f"each parameter may come once, but {first[p]} and {i} are the same Value, {p!r}; leave one out"
            )


def as_distinct_parameters(parameters: object, taker: str) -> list[Any]:
    """Parameters in a list, if there is one and none comes twice."""
    values = as_parameters(parameters, taker)
    if not values:
        raise ValueError(f"{taker} needs at least one parameter, but got none; pass model.parameters() or [w, b]")
    expect_all_floats(values)
    if len(set(values)) != len(values):
        expect_distinct_leaves(values)  # says which came twice
    return values


class States(dict[Value, dict[str, float]]):
    """What an optimizer keeps of each parameter; of one that it has not moved yet, zeros."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __missing__(self, p: Value) -> dict[str, float]:
        self[p] = dict.fromkeys(self.names, 0.0)
        return self[p]


def expect_fields(where: str, x: Any, names: Iterable[str]) -> None:
    """Make sure that a part of a state is a mapping with just these names.

    Raises
    ------
    TypeError
        If it is no mapping.
    ValueError
        If a name is missing or unexpected.
    """
    if not isinstance(x, Mapping):
        raise TypeError(
            f"{where} must be a mapping with {', '.join(map(repr, names))}, but got {what_is(x)}; "
            "pass what state_dict() returned, or what json.load read"
        )
    odd = [f"{name!r} is missing" for name in names if name not in x]
    odd += [f"{name!r} is unexpected" for name in x if name not in names]
    if odd:
        raise ValueError(f"{where} does not fit: {', '.join(odd)}; load what this kind of optimizer saved")


def as_entries(where: str, x: Any, count: int, of: str) -> list[Any]:
    """Make sure that a part of a state is a list with so many entries.

    Raises
    ------
    TypeError
        If it is no list.
    ValueError
        If there are more or fewer.
    """
    if not isinstance(x, (list, tuple)):
        raise TypeError(f"{where} must be a list with one entry for each {of}, but got {what_is(x)}")
    if len(x) != count:
        raise ValueError(
            f"{where} must have one entry for each {of}, {count}, but has {len(x)}; "
            "make the optimizer of the same parameters and groups first"
        )
    return list(x)


def as_kept(where: str, x: object) -> float:
    """A number that an optimizer keeps, as a float.

    Raises
    ------
    TypeError
        If it is not one real number.
    ValueError
        If it is too large for a float.
    """
    try:
        return as_float(x)
    except TypeError:
        raise TypeError(f"{where} must be a number, but got {what_is(x)}") from None
    except OverflowError as error:
        raise ValueError(f"{where} is too large: {error}") from None


class Setting:
    """A hyperparameter as an attribute: read where all groups agree on it, set in all of them or in none."""

    def __set_name__(self, kind: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Groups, kind: type) -> Any:
        found = [group[self.name] for group in optimizer.param_groups]
        if found.count(found[0]) != len(found):
            raise ValueError(
                f"{self.name} differs from group to group, {found}; read it from one, as in "
                f"param_groups[0][{self.name!r}]"
            )
        return found[0]

    def __set__(self, optimizer: Groups, x: object) -> None:
        optimizer._set_groups(optimizer.param_groups, **{self.name: x})


class Groups:
    """The part of an optimizer that is not about steps: its parameters in groups, and its state.

    Parameters
    ----------
    parameters : iterable of Value, or of dict
        The leaves to optimize, or groups of them: dicts with the Values under "params" and
        hyperparameters of the group's own.
    **defaults
        The hyperparameters of groups that do not say otherwise.

    Attributes
    ----------
    param_groups : list of dict
        Each group's Values, under "params", and its hyperparameters. They may be changed between steps.
    state : dict
        For each parameter that has moved, what the optimizer keeps of it.
    keeps : tuple of str
        The names of what is kept.
    """

    keeps: tuple[str, ...] = ()
    lr = Setting()

    def __init__(self, parameters: Parameters, **defaults: Any) -> None:
        given = as_parameters(parameters)
        self.param_groups: list[dict[str, Any]] = []
        self.state = States(self.keeps)
        self._seen: list[dict[str, Any]] = []  # the groups as they were when they were last checked
        self._until_look = 0  # steps until all parameters are looked at
        checked = self.checked(**defaults)
        self.defaults = {name: checked[name] for name in defaults}  # in the order of the class
        for group in given if given and isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)
        if not self.parameters:
            raise ValueError(
                "an optimizer needs at least one parameter, but got none; pass model.parameters() or [w, b]"
            )

    def checked(self, **settings: Any) -> dict[str, Any]:
        """The hyperparameters of a group as floats, or an error. A subclass knows what else they must be."""
        return {name: at_least_zero(name, x) for name, x in settings.items()}

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, but for those whose gradient is None."""
        raise NotImplementedError(
            f"{type(self).__name__} has no update(): use SGD, Adam or AdamW, or define update() in your class"
        )

    @property
    def parameters(self) -> list[Value]:
        """All parameters, group by group."""
        return [p for group in self.param_groups for p in group["params"]]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, with hyperparameters of their own.

        Parameters
        ----------
        param_group : dict
            The Values under "params"; and any of the hyperparameters, whose defaults are the optimizer's.

        Raises
        ------
        TypeError, ValueError
            As for the optimizer's parameters and hyperparameters; or if there is a key that is none of these.
        """
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(
                "a group of parameters is a dict with its Values under 'params', as in "
                f"{{'params': [w, b], 'lr': 0.1}}, but got {what_is(param_group)}"
            )
        unknown = [key for key in param_group if key not in ("params", *self.defaults)]
        if unknown:
            raise ValueError(
                f"a group of {type(self).__name__} may set {', '.join(self.defaults)}, "
                f"but got {unknown[0]!r}; correct the name or leave it out"
            )
        params = as_parameters(param_group["params"], "a group")
        self._set_groups([*self.param_groups, {**self.defaults, **param_group, "params": params}])

    def _set_groups(self, groups: list[dict[str, Any]], **changed: Any) -> None:
        """Check groups as if they were new, and make them those of the optimizer; or change nothing."""
        new = []
        for i, group in enumerate(groups):
            missing = [name for name in ("params", *self.defaults) if name not in group]
            if missing:
                raise ValueError(
                    f"param_groups[{i}] has no {missing[0]!r}; set it again, or add groups with add_param_group(...)"
                )
            new.append(self.checked(**{name: group[name] for name in self.defaults} | changed))
        if [group["params"] for group in groups] != [group["params"] for group in self._seen]:
            expect_distinct_leaves(p for group in groups for p in group["params"])
        for group, settings in zip(groups, new):
            group.update(settings)
        self.param_groups[:] = groups
        self._seen = [dict(group) for group in groups]
        self._firsts: list[Value] = [group["params"][0] for group in groups if group["params"]]

    def _check(self) -> None:
        """Before a step: check what was changed since the last one, as the top of this file says."""
        if self.param_groups != self._seen:
            self._set_groups(self.param_groups)
        for p in self._firsts:
            if type(p.data) is not float or type(p.grad) is not float:
                self._set_groups(self.param_groups)  # np.float32(0.5) is no change, but no float either
                self._until_look = 0
        if self._until_look == 0:
            expect_all_floats(self.parameters)
            self._until_look = 100
        self._until_look -= 1

    def state_dict(self) -> dict[str, Any]:
        """What it takes to go on later as if never stopped: plain dicts and lists of numbers, ready for `json.dump`.

        Save it together with the model's `state_dict()`, which holds the parameters themselves.

        Returns
        -------
        dict
            "optimizer", the name of the class; "param_groups", with the hyperparameters of each group and, under
            "params", the places of its parameters; and "state", what the optimizer keeps of each parameter.

        Raises
        ------
        NotImplementedError
            If the class makes its steps in a `step()` of its own.
        """
        if type(self).update is Groups.update:
            raise NotImplementedError(
                f"what {type(self).__name__} keeps from step to step is not known here: define update() instead of "
                "step(), and name in the class what it keeps, as in keeps = ('velocity',)"
            )
        if self.param_groups != self._seen:
            self._set_groups(self.param_groups)
        return {
            "optimizer": type(self).__name__,
            "param_groups": [
                {"params": places}
                | {name: list(x) if isinstance(x := group[name], tuple) else x for name in self.defaults}
                for places, group in zip(self._places(), self.param_groups)
            ],
            "state": [
                {name: as_kept(f"state[{i}][{name!r}]", self.state[p][name]) for name in self.keeps}
                for i, p in enumerate(self.parameters)
            ],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state` was saved: all of it is set, or nothing.

        Parameters
        ----------
        state : mapping
            As `state_dict` returns it.

        Raises
        ------
        TypeError
            If something in `state` has the wrong type.
        ValueError
            If it is of another kind of optimizer or of other groups, if a hyperparameter is out of range or
            nan, or if something is missing or unexpected.
        """
        expect_fields("the state", state, ("optimizer", "param_groups", "state"))
        if state["optimizer"] != type(self).__name__:
            raise ValueError(
                f"this is the state of another optimizer, {state['optimizer']!r}; load it into one of that kind, "
                f"not into {type(self).__name__!r}"
            )
        groups = []
        given = as_entries("param_groups", state["param_groups"], len(self.param_groups), "group")
        for i, (group, places) in enumerate(zip(given, self._places())):
            expect_fields(f"param_groups[{i}]", group, ("params", *self.defaults))
            if group["params"] != places:
                raise ValueError(
                    f"param_groups[{i}] must hold the parameters {places!r:.60}, but holds {what_is(group['params'])}; "
                    "make the optimizer of the same parameters and groups first"
                )
            try:
                groups.append(self.checked(**{name: group[name] for name in self.defaults}))
            except (TypeError, ValueError) as error:
                raise type(error)(f"param_groups[{i}]: {error}") from None
        states = []
        for i, numbers in enumerate(as_entries("state", state["state"], len(self.parameters), "parameter")):
            expect_fields(f"state[{i}]", numbers, self.keeps)
            states.append({name: as_kept(f"state[{i}][{name!r}]", numbers[name]) for name in self.keeps})
        for mine, settings in zip(self.param_groups, groups):
            mine.update(settings)
        self.state.update(zip(self.parameters, states))

    def _places(self) -> list[list[int]]:
        """For each group, the places of its parameters among all."""
        places = iter(range(len(self.parameters)))
        return [[next(places) for _ in group["params"]] for group in self.param_groups]

    def __repr__(self) -> str:
        def count(n: int) -> str:
            return f"{n} parameter{'s' * (n != 1)}"

        groups = [
            (len(group["params"]), ", ".join(f"{name}={group[name]!r}" for name in self.defaults))
            for group in self.param_groups
        ]
        if len({settings for _, settings in groups}) == 1:
            groups = [(len(self.parameters), groups[0][1])]
        return f"{type(self).__name__}({'; '.join(f'{count(n)}, {settings}' for n, settings in groups)})"
