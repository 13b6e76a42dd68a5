"""Write the forward pass of an array program: the statements that compute each group."""

from __future__ import annotations

from functools import partial

from micrograd_numpy import ops
from micrograd_numpy.arrays import Group, Part
from micrograd_numpy.compiler.numpy_rules import GIVEN, NumpyRule
from micrograd_numpy.compiler.views import Views, arrangement_of, shape_of


class ForwardPass:
    """The statements that compute the groups of a recipe.

    Parameters
    ----------
    views : Views
        What the statements read and write.
    groups : list of Group
        In an order in which they can be computed.

    Attributes
    ----------
    statements : list of str
    followed : dict
        For each group of operations, its rule in NumPy statements.
    rules : dict
        The rules with a NumPy form of their own by their names in the program, and how many inputs they take.
    slopes : dict
        For each group of such a rule, the name under which its local derivatives are kept.
    """

    def __init__(self, views: Views, groups: list[Group]) -> None:
        self.views, self.statements = views, views.forward
        self.followed: dict[Group, NumpyRule] = {}
        self.rules: dict[str, tuple[ops.Rule, int]] = {}
        self.slopes: dict[Group, str] = {}
        for g in groups:
            views.label(g.column, "h" if g.wide else "c")
            (self.operate if g.rule else self.add_up)(g)

    def operate(self, g: Group) -> None:
        """Compute a group of operations of one rule."""
        out = self.views.members(g)
        if g.rule and g.rule not in GIVEN:
            rule = self.followed[g] = NumpyRule(
                g.rule, self.views.inputs(g), out, partial(self.views.buffer, shape_of(g))
            )
            self.statements += rule.forward()
            return
        name = self.views.new("rule")
        self.rules[name] = g.rule or ops.add, len(g.parts)
        self.slopes[g] = self.views.new("slopes")
        arrays = ", ".join(self.views.read(part.a, "column") for part in g.parts)
        self.statements.append(f"{out}[...], {self.slopes[g]} = {name}({arrays})")

    def add_up(self, g: Group) -> None:
        """Compute a group of sums, part by part."""
        out, so_far = self.views.members(g), ""
        for part in sorted(g.parts, key=lambda p: (p.sign == -1, p.matrix, p.b is not None)):
            more = self.add_up_part(g, part, self.views.buffer(shape_of(g)) if so_far == out else out)
            if so_far:
                self.statements.append(f"np.{'add' if part.sign == 1 else 'subtract'}({so_far}, {more}, out={out})")
                so_far = out
            elif part.sign == -1:
                self.statements.append(f"np.negative({more}, out={out})")
                so_far = out
            else:
                so_far = more
        if so_far != out:
            self.statements.append(f"np.copyto({out}, {so_far})")

    def add_up_part(self, g: Group, part: Part, out: str) -> str:
        """Compute the sum of a part into `out`, or return the name under which it lies ready."""
        if part.matrix and part.b:
            self.views.label(part.a, "w")
            product = "multiply" if part.width == 1 else "dot"
            matrix, column = self.views.read(part.a, "matrix"), self.views.read(part.b, "column")
            self.statements.append(f"np.{product}({matrix}, {column}, out={out})")
            return out
        arrangement = arrangement_of(g, part)
        a = self.views.operand(part.a, arrangement)
        if part.b is None and part.width == 1:
            return a
        along = "axis=1" if g.wide else "axis=1, keepdims=True"
        if part.b is None:
            self.statements.append(f"np.add.reduce({a}, {along}, out={out})")
            return out
        b = self.views.operand(part.b, arrangement)
        if part.width == 1:
            self.statements.append(f"np.multiply({a}, {b}, out={out})")
        elif arrangement == "matrix" and len(g.members) == 1:
            self.statements.append(f"np.dot({a}, {b}.T, out={out})")
        else:
            products = self.views.buffer(shape_of(g, part.width))
            self.statements.append(f"np.multiply({a}, {b}, out={products})")
            self.statements.append(f"np.add.reduce({products}, {along}, out={out})")
        return out
