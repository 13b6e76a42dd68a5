"""The page's own `ipywidgets`: sliders and their like as the browser's native inputs.

It knows `interact`, `interactive`, `fixed` and the controls below, which is what the chapters use. All of
ipywidgets runs in JupyterLab, Colab and Binder.
"""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import page_cells

__all__ = [
    "Checkbox",
    "Dropdown",
    "FloatSlider",
    "FloatText",
    "IntSlider",
    "IntText",
    "Text",
    "fixed",
    "interact",
    "interactive",
]

numbers = itertools.count(1)
shown: dict[str, Interactive] = {}


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"the page's ipywidgets has no {name!r}: it knows {', '.join(__all__)}. "
        "All of ipywidgets runs in JupyterLab, Colab and Binder."
    )


class Control:
    """A control with a value; its keywords are those of ipywidgets."""

    kind = ""
    number: Callable[[Any], Any] | None = None  # what makes a value of what is given
    default: Any = None

    def __init__(self, value: Any = None, description: str | None = None, **look: Any) -> None:
        Control.take(self, self.default if value is None else value)
        self.description = description
        del look  # layout, style, continuous_update: the page has its own

    def spec(self) -> dict[str, Any]:
        """What the page must know to make the control."""
        return {"kind": self.kind, "value": self.value}

    def take(self, value: Any) -> None:
        """Take the value that the reader has set, as what the control holds."""
        self.value = self.number(value) if self.number else value


class Slider(Control):
    """A number between two others."""

    kind = "range"

    def __init__(self, value: Any = None, min: Any = 0, max: Any = None, step: Any = None, **rest: Any) -> None:  # noqa: A002  # as in ipywidgets
        self.min, self.max = self.number(min), self.number(self.default_max if max is None else max)
        self.step = self.number(self.default_step if step is None else step)
        if self.min > self.max or self.step <= 0:
            raise ValueError(f"a slider from {self.min} to {self.max} in steps of {self.step} has no place to go")
        value = self.min if value is None else self.number(value)
        super().__init__(sorted((self.min, value, self.max))[1], **rest)

    def spec(self) -> dict[str, Any]:
        """Likewise, with its ends."""
        return {**super().spec(), "min": self.min, "max": self.max, "step": self.step}


class IntSlider(Slider):
    """A whole number between two others."""

    number, default_max, default_step = int, 100, 1


class FloatSlider(Slider):
    """A number between two others."""

    number, default_max, default_step = float, 10.0, 0.1


class IntText(Control):
    """A whole number that is typed."""

    kind, number, default = "number", int, 0

    def spec(self) -> dict[str, Any]:
        """Likewise, with its step."""
        return {**super().spec(), "step": 1 if self.number is int else "any"}


class FloatText(IntText):
    """A number that is typed."""

    number = float


class Checkbox(Control):
    """Yes or no."""

    kind, number, default = "checkbox", bool, False


class Text(Control):
    """A line of text."""

    kind, number, default = "text", str, ""


class Dropdown(Control):
    """One of several options: a list of them, of (label, value) pairs, or a dict of labels and values."""

    kind = "select"

    def __init__(self, options: Any = (), value: Any = None, **rest: Any) -> None:
        pairs = list(options.items()) if isinstance(options, Mapping) else list(options)
        paired = all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
        self.options = [(str(a), b) for a, b in pairs] if paired else [(str(a), a) for a in pairs]
        if not self.options:
            raise ValueError("a choice needs options to choose from")
        values = [option for _, option in self.options]
        super().__init__(values[0] if value is None else value, **rest)
        if value is not None and value not in values:
            raise ValueError(f"{value!r} is none of the options")

    def spec(self) -> dict[str, Any]:
        """Likewise; the page knows the options by their number."""
        index = [value for _, value in self.options].index(self.value)
        return {"kind": self.kind, "value": index, "labels": [label for label, _ in self.options]}

    def take(self, value: Any) -> None:
        """Take the option that the reader has chosen."""
        self.value = self.options[int(value)][1]


class fixed:  # noqa: N801  # as in ipywidgets
    """A parameter that is handed on and has no control."""

    def __init__(self, value: Any) -> None:
        self.value = value


def slider(low: Real, high: Real, step: Real | None = None, value: Any = None) -> Slider:
    """Make the slider that ipywidgets makes for (low, high) or (low, high, step)."""
    whole = all(isinstance(x, Integral) for x in (low, high, step if step is not None else 0))
    if value is None:
        value = low + (high - low) / 2 if not whole else int(low + (high - low) / 2)
        if step:
            value = low + int((value - low) / step) * step
    return (IntSlider if whole else FloatSlider)(value, low, high, step)


def control(abbreviation: Any, default: Any = inspect.Parameter.empty) -> Control | fixed:
    """Make the control that an abbreviation stands for, by the rules of ipywidgets."""
    value = None if default is inspect.Parameter.empty else default
    if isinstance(abbreviation, (Control, fixed)):
        return abbreviation
    if isinstance(abbreviation, bool):
        return Checkbox(abbreviation)
    if isinstance(abbreviation, str):
        return Text(abbreviation)
    if isinstance(abbreviation, Real):
        low, high = sorted((-abbreviation, 3 * abbreviation)) if abbreviation else (0, 1)
        return slider(low, high, value=abbreviation)
    if (
        isinstance(abbreviation, tuple)
        and len(abbreviation) in {2, 3}
        and all(isinstance(x, Real) and not isinstance(x, bool) for x in abbreviation)
    ):
        return slider(*abbreviation, value=value)
    if isinstance(abbreviation, (Mapping, Iterable)):
        return Dropdown(abbreviation, value=value)
    raise ValueError(f"{abbreviation!r} cannot be turned into a control")


class Interactive:
    """Controls, and a function that is called with their values whenever one changes."""

    def __init__(self, function: Callable[..., Any], abbreviations: dict[str, Any]) -> None:
        self.function = function
        self.place = f"controls-{next(numbers)}"
        self.controls: dict[str, Control | fixed] = {}
        self.result: Any = None
        parameters = inspect.signature(function).parameters
        for name, parameter in parameters.items():
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
                continue
            given = abbreviations.pop(name, parameter.default)
            if given is parameter.empty:
                raise ValueError(f"{function.__name__}() needs {name}, and nothing says which control it shall have")
            self.controls[name] = control(given, parameter.default)
        if abbreviations and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            raise ValueError(f"{function.__name__}() takes no {' and no '.join(abbreviations)}")
        self.controls.update((name, control(given)) for name, given in abbreviations.items())

    @property
    def kwargs(self) -> dict[str, Any]:
        """What the function is called with."""
        return {name: one.value for name, one in self.controls.items()}

    def update(self) -> None:
        """Call the function and show what it shows, in place of what it showed before."""
        with page_cells.outputs_to(self.place):
            try:
                self.result = self.function(**self.kwargs)
                page_cells.show_figures()
                if self.result is not None:
                    page_cells.show(self.result)
            except BaseException as error:  # noqa: BLE001  # told below the controls; moving one tries again
                page_cells.emit("error", page_cells.told(error))

    def _show_controls_(self) -> None:
        shown[self.place] = self
        specs = [
            {"name": name, "label": one.description if one.description is not None else name, **one.spec()}
            for name, one in self.controls.items()
            if isinstance(one, Control)
        ]
        page_cells.emit("controls", json.dumps({"place": self.place, "controls": specs}))
        self.update()


def changed(place: str, values: str) -> bool:
    """Take the values that the reader has set on the page, and run the function; False if nobody knows the place."""
    if place not in shown:
        return False
    one = shown[place]
    for name, value in json.loads(values).items():
        one.controls[name].take(value)
    one.update()
    return True


def interactive(function: Callable[..., Any], **abbreviations: Any) -> Interactive:
    """Make controls for a function's parameters; they are shown when the result is."""
    return Interactive(function, abbreviations)


def interact(function: Callable[..., Any] | None = None, **abbreviations: Any) -> Any:
    """Show controls for a function's parameters, and call it whenever one changes.

    Like that of ipywidgets it returns the function, and may stand above one as a decorator.
    """
    if function is None:
        return lambda decorated: interact(decorated, **abbreviations)
    interactive(function, **abbreviations)._show_controls_()
    page_cells.quiet = function
    return function
