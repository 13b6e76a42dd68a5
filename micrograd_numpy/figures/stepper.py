"""A graph to go through one step at a time: forward, then backward."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from textwrap import dedent
from typing import Any

from micrograd_numpy import backprop, ops
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.graph import clipped, draw_graph, operation_sign
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.value import Value

RULES: dict[str, ops.Rule] = {"+": ops.add, "-": ops.sub, "*": ops.mul, "/": ops.div, "**": ops.pow}
RULES |= {
    rule.__name__: rule
    for rule in (ops.neg, ops.abs, ops.exp, ops.log, ops.relu, ops.tanh, ops.sigmoid, ops.dot, ops.total, ops.mean)
}


def made_by(rule: Callable[..., Any], node: Value) -> bool:
    """Whether `rule` gives this node's number and local derivatives, to the last bit."""
    try:
        data, local = rule(*(i.data for i in node._prev))
    except TypeError:  # it takes another number of inputs
        return False
    return repr((data, tuple(local))) == repr((node.data, node._local))


def library_rule(node: Value) -> tuple[str, list[float], ops.Rule] | None:
    """The rule of `ops` that made a node: its name, what it was made with, and itself; None for any other rule."""
    name, made_with, rule = node._op, [], RULES.get(node._op)
    if name[:2] == "**" and not rule:
        try:
            made_with = [float(name[2:])]
        except ValueError:
            return None
        rule = ops.power(*made_with)
    if rule is None or not made_by(rule, node):
        return None
    return "power" if made_with else rule.__name__, made_with, rule


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
        text = dedent(inspect.getsource(rule))
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
    arguments = [a.arg for a in function.args.args] + [f"*{a.arg}" for a in [function.args.vararg] if a]
    shown_lines = [line[indent:] for line in lines[first - 1 : function.end_lineno]]
    return {"name": rule.__name__, "arguments": arguments, "lines": shown_lines, "marks": sorted(marks)}


def copied(nodes: Sequence[Value]) -> Value:
    """The last of these nodes again, in a graph of its own."""
    twins: dict[Value, Value] = {}
    for node in nodes:
        twin = twins[node] = Value(node.data, node.label)
        twin._prev, twin._op, twin._local = tuple(twins[i] for i in node._prev), node._op, node._local
    return twins[nodes[-1]]


def stepper(
    root: Value,
    *,
    rules: Iterable[Callable[..., Any]] = (),
    direction: str = "right",
    max_nodes: int = 60,
) -> Figure:
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
    rules : iterable of callable, optional
        Rules of your own that made nodes of the graph through `apply`, to have their lines
        shown. The page does not know how to compute them, so their inputs stay as they are.
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
        If `root` is not a Value, or `rules` holds something else than functions.
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
    own = list(rules) if isinstance(rules, Iterable) else [rules]
    for rule in own:
        if not callable(rule):
            raise TypeError(f"rules must be functions, as you gave them to apply, but got {what_is(rule)}")
    nodes = backprop.topological_sort(root)
    if len(nodes) > max_nodes:
        raise ValueError(
            f"this graph has {len(nodes)} nodes, more than max_nodes={max_nodes}: step through one of the values "
            "inside it, or a smaller example, or raise max_nodes to have it anyway"
        )
    number = {node: i for i, node in enumerate(nodes)}
    names = chosen_names(nodes, number)
    sources: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for node, name in zip(nodes, names):
        row: dict[str, Any] = {"name": name, "data": node.data}
        if node._prev:
            known = library_rule(node)
            row |= {"op": node._op, "sign": operation_sign(node._op), "local": node._local}
            row["inputs"] = [number[i] for i in node._prev]
            if known:
                row |= {"rule": known[0], "with": known[1]}
            by = [known[2]] if known else [rule for rule in own if made_by(rule, node)]
            lines = rule_lines(by[0]) if by else None
            if lines and known:
                lines["name"] = f"ops.{known[0]}" + "".join(f"({n:g})" for n in known[1])
            if lines:
                sources += [lines] if lines not in sources else []
                row["source"] = sources.index(lines)
        rows.append(row)
    twin = copied(nodes)
    twin.backward()
    drawing = draw_graph(twin, local_derivatives=True, direction=direction, room=7, max_nodes=len(nodes))
    values = f"{len(nodes)} value{'s' * (len(nodes) != 1)}"
    alt = f"The graph of {names[-1]} in {values}, to step through, forward and backward."
    return Figure("stepper", alt, {"nodes": rows, "sources": sources}, drawing.svg)
