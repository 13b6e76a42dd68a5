"""Find the Values that a model holds where no optimizer would find them."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from micrograd_numpy.value import Value

ATOMS = {float, int, str, bool, complex, bytes, type(None)}  # they hold nothing
ONE_PASS = (types.GeneratorType, map, filter, zip)  # to look into them is to use them up
CODE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.FrameType,
    types.TracebackType,
    types.GeneratorType,
)
CONTAINERS = {"builtins", "collections", "functools", "itertools", "types"}  # where Python has its containers


class Searched:
    """What is searched for parameters through its attributes: `mlp.Module`, whose base this is."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__dict__.get("__slots__"):
            raise TypeError(
                f"a Module finds its parameters in its __dict__, but {cls.__name__} has __slots__; leave them out"
            )


def expect_no_hidden(owner: str, places: Iterable[tuple[str, Any]], parameters: set[Value]) -> None:
    """Raise an error at the first of `places` that holds a Value which is no parameter and was computed from none.

    Parameters
    ----------
    owner : str
        The name of the class, for the message.
    places : iterable of (str, object)
        What a walk through the attributes came by, with its path.
    parameters : set of Value
        What it found.

    Raises
    ------
    ValueError
    """
    for path, holder, where, instead in suspects(places):
        if issubclass(type(holder), ONE_PASS):
            raise ValueError(  # noqa: TRY004  # one kind of error for all that is held in the wrong place
                f"{owner}.{path} is a {type(holder).__name__}, which can be gone through only once, so its parameters "
                "cannot be found; write list(...) around it"
            )
        for v in values_in(holder):
            if depends_on(v, parameters):
                continue
            if v is holder and v._prev:
                raise ValueError(
                    f"{owner}.{path}, {v!r}, was made by {v._op!r} from no parameter of the model, so nothing would "
                    "train it; if it is to be trained, make it a leaf: Value(x.data); if not, keep its number, x.data"
                )
            raise ValueError(
                f"{owner}.{path} is {where}, where parameters() does not look, and holds {v!r}; "
                f"if it is to be trained, {instead}; if not, keep its number, .data"
            )


def suspects(places: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any, str, str]]:
    """What in these places may hold a Value: path, holder, and for the message, what it is and what to do instead."""
    classes: dict[type, dict[str, Any]] = {}
    for path, item in places:
        kind = type(item)
        if kind is list or kind is tuple:
            continue  # the walk went through it
        if issubclass(kind, Searched):  # through its attributes, but not through its class
            if kind not in classes:
                classes[kind] = in_class(kind)
            for name, holder in classes[kind].items():
                if name not in vars(item):
                    at = f"{path}.{name}" if path else name
                    yield at, holder, "an attribute of the class", "assign it to self, in __init__"
        elif kind is dict:  # through its values
            if any(type(key) not in ATOMS for key in item):
                yield f"{path}.keys()", item.keys(), "in the keys of a dict", "keep it in the values"
        else:
            yield path, item, f"of type {kind.__name__}", "keep it in a list, a dict or a Module"


def in_class(kind: type) -> dict[str, Any]:
    """The attributes of a Module's class, by name, that hold a Value."""
    own: dict[str, Any] = {}
    for base in kind.__mro__[:-1]:  # the last is object
        if Searched not in base.__bases__:  # Module itself has nothing but functions
            for name, item in vars(base).items():
                own.setdefault(name, item)
    return {name: item for name, item in own.items() if any(True for _ in values_in(item))}


def values_in(holder: object) -> Iterator[Value]:
    """Every Value that an object holds, at any depth: in its attributes, its items, its arrays.

    The garbage collector knows what an object holds, whatever its class. Objects of Python's own
    library and of installed ones are left alone: from a logger, a way leads to everything.
    """
    seen: set[int] = set()
    found: list[Any] = [holder]
    while found:
        held = []
        for x in found:
            kind = type(x)
            if kind in ATOMS or id(x) in seen:
                continue
            seen.add(id(x))
            if issubclass(kind, Value):
                yield x
            elif issubclass(kind, Searched) or not (issubclass(kind, CODE) or of_a_library(kind)):
                held.append(x)
        found = gc.get_referents(*held)
        for array in filter(is_array, held):  # the collector looks into none
            found += array.ravel().tolist() if array.dtype == object else ()


def is_array(x: object) -> bool:
    """Whether it is a NumPy array; without importing NumPy."""
    return any(base.__name__ == "ndarray" for base in type(x).__mro__)


def of_a_library(kind: type) -> bool:
    """Whether a class is one that Python or an installed package brings, and no container."""
    package = str(kind.__module__).partition(".")[0]
    if package in sys.stdlib_module_names or package == __name__.partition(".")[0]:
        return package not in CONTAINERS
    if any(base.__name__ == "ndarray" for base in kind.__mro__):
        return False
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def depends_on(out: Value, parameters: set[Value]) -> bool:
    """Whether a Value is one of some parameters, or was computed from one."""
    seen: set[Value] = set()
    stack = [out]
    while stack:
        v = stack.pop()
        if v in parameters:
            return True
        if v not in seen:
            seen.add(v)
            stack += v._prev
    return False
