"""A graph to go through one step at a time: forward, then backward."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import dedent
from typing import Any

from micrograd_numpy import backprop, ops
from micrograd_numpy.compiler.symbols import follow
from micrograd_numpy.drawing.cards import operation_sign
from micrograd_numpy.drawing.svg import clipped
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.graph import draw_graph
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.value import Value


def as_steps(rule: Callable[..., Any], inputs: int) -> dict[str, Any] | None:
    """What a rule does, as the page can do it, too; None if the rule does not tell."""
    try:
        return follow(rule, inputs).steps()
    except TypeError:  # or if it cannot be hashed
        return None


def chosen_names(nodes: Sequence[Value], number: Mapping[Value, int]) -> list[str]:
    """What to call each node: its label, or how it was made if that is short, or v with its number."""
    names: list[str] = []
    for i, node in enumerate(nodes, 1):
        inputs = [names[number[source]] for source in node._prev]
        made = ""
        if len(inputs) == 2 and node._op in {"+", "-", "*", "/", "**"}:
            made = node._op.join(name if name.isidentifier() else f"({name})" for name in inputs)
        elif inputs and node._op.isidentifier():
            made = f"{node._op}({', '.join(inputs)})"
        names.append(clipped(node.label) or (made if 0 < len(made) <= 14 else f"v{i}"))
    return names


def returned(expression: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a rule returns: its results as "data", its local derivatives as "grad"."""
    if isinstance(expression, ast.Tuple) and len(expression.elts) == 2:
        yield "data", expression.elts[0]
        yield "grad", expression.elts[1]
    elif isinstance(expression, ast.IfExp):
        yield from returned(expression.body)
        yield from returned(expression.orelse)


def rule_lines(rule: Callable[..., Any]) -> dict[str, Any] | None:
    """The lines of a rule without its docstring, and where they speak of the result and of the derivatives.

    Returns
    -------
    dict or None
        `name` and `arguments`; `lines`; and `marks`, each a line's number, two columns and
        "data" or "grad". None if the source is not at hand, or is no `def`.
    """
    try:
        text = dedent(inspect.getsource(rule if inspect.isfunction(rule) else type(rule).__call__))
        function = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(function, ast.FunctionDef):
        return None
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    first, lines = (body or function.body)[0].lineno, text.splitlines()
    marked = [mark for step in ast.walk(function) if isinstance(step, ast.Return) for mark in returned(step.value)]
    named = {
        name.id: kind
        for kind, part in marked
        for name in (part.elts if isinstance(part, ast.Tuple) else [part])
        if isinstance(name, ast.Name)
    }
    for step in ast.walk(function):  # what has a name in the last line was computed above it
        if isinstance(step, (ast.Assign, ast.AugAssign)):
            target = step.target if isinstance(step, ast.AugAssign) else step.targets[0]
            if isinstance(target, ast.Name) and target.id in named:
                marked.append((named[target.id], step.value))
    indent = min(step.col_offset for step in function.body)
    marks = []
    for kind, part in marked:
        if part.lineno == part.end_lineno:
            line = lines[part.lineno - 1].encode()  # the tree counts bytes
            start, end = (len(line[:at].decode()) - indent for at in (part.col_offset, part.end_col_offset))
            marks.append([part.lineno - first, start, end, kind])
    arguments = [a.arg for a in function.args.args if a.arg != "self"]
    arguments += [f"*{a.arg}" for a in [function.args.vararg] if a]
    shown_lines = [line[indent:] for line in lines[first - 1 : function.end_lineno]]
    return {"name": full_name(rule), "arguments": arguments, "lines": shown_lines, "marks": sorted(marks)}


def full_name(rule: Callable[..., Any]) -> str:
    """The name of a rule, with its module if that is ours, and with the exponent of a power."""
    module = "ops." if rule.__module__ == ops.__name__ else ""
    made_with = f"({rule.n:g})" if isinstance(rule, ops.power) else ""
    return f"{module}{getattr(rule, '__name__', type(rule).__name__)}{made_with}"


def copied(nodes: Sequence[Value]) -> Value:
    """The last of these nodes again, in a graph of its own."""
    twins: dict[Value, Value] = {}
    for node in nodes:
        twin = twins[node] = Value(node.data, node.label)
        twin._prev, twin._op, twin._local = tuple(twins[i] for i in node._prev), node._op, node._local
    return twins[nodes[-1]]


def stepper(root: Value, *, direction: str = "right", max_nodes: int = 60) -> Figure:
    """The graph of `root`, to go through one step at a time: forward, then backward.

    Each step shows which node is at work, what its rule computes, and what it hands to
    whom. In a page or in JupyterLab you can change the leaves, and everything is computed
    again. Everywhere else it is the picture that `draw_graph` draws after `backward()`.
    `root` and all behind it stay as they are: their gradients are not touched, and those
    in the figure start from 0.

    Parameters
    ----------
    root : Value
        The value to explain.
    direction : {"right", "down"}, optional
        Where the edges run.
    max_nodes : int, optional
        Refuse a graph with more nodes than this: nobody could follow it.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If `root` is not a Value.
    ValueError
        If there are more than `max_nodes` nodes, or `direction` is another word.

    Examples
    --------
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> stepper(a * b + a)
    Figure(kind='stepper', alt='The graph of (a*b)+a in 4 values, to step through, forward and backward.')
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"stepper shows how one Value was computed, but got {what_is(root)}; give it the Value to explain"
        )
    nodes = backprop.topological_sort(root)
    if len(nodes) > max_nodes:
        raise ValueError(
            f"this graph has {len(nodes)} nodes, more than max_nodes={max_nodes}: step through one of the values "
            "inside it, or a smaller example, or raise max_nodes to have it anyway"
        )
    number = {node: i for i, node in enumerate(nodes)}
    names = chosen_names(nodes, number)
    tables: dict[str, list[Any]] = {"source": [], "rule": []}  # what several nodes may share
    rows: list[dict[str, Any]] = []
    for node, name in zip(nodes, names):
        row: dict[str, Any] = {"name": name, "data": node.data}
        if node._prev:
            row |= {"op": node._op, "sign": operation_sign(node._op), "local": node._local}
            row["inputs"] = [number[i] for i in node._prev]
            if node._rule:
                entries = {"source": rule_lines(node._rule), "rule": as_steps(node._rule, len(node._prev))}
                for key, entry in entries.items():
                    if entry:
                        tables[key] += [entry] if entry not in tables[key] else []
                        row[key] = tables[key].index(entry)
        rows.append(row)
    twin = copied(nodes)
    twin.backward()
    drawing = draw_graph(twin, local_derivatives=True, direction=direction, room=7, max_nodes=len(nodes))
    values = f"{len(nodes)} value{'s' * (len(nodes) != 1)}"
    alt = f"The graph of {names[-1]} in {values}, to step through, forward and backward."
    data = {"nodes": rows, "sources": tables["source"], "rules": tables["rule"]}
    return Figure("stepper", alt, data, drawing.svg)
