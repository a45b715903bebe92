"""Types and ranges of expressions (the arithmetic of Semantics, section 5a).

Every node of a checked tree carries what it can be: for numbers the decimal places and the interval of values.
Divisions that could meet 0, floors below 0 and values too wide to stay exact are refused before any household is
evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import product

from config.lib.money import EXACT, round_places
from credit.domain.model.expression import ExpressionError, Kind, Node
from credit.domain.model.problems import both
from credit.domain.model.units import Unit, over, times, together

QUOTIENT_PLACES = 8
SATURATION = Decimal(1_000_000)
_MAX_PLACES = 40
_MAX_SIZE = Decimal(10) ** 40
_BOOL = Kind("bool")
_SPOKEN = {
    "number": both("数", "a number"),
    "bool": both("条件", "a condition"),
    "choice": both("选项", "a choice"),
    "events": both("清单", "a list of events"),
}


def check(node: Node, scope: Mapping[str, Kind], expected: str) -> Node:
    """The tree with types, of the expected kind (number or bool), or ExpressionError."""
    checked = _check(node, scope)
    _expect(checked, expected)
    return checked


def kind_of(node: Node) -> Kind:
    """The type of a checked node."""
    if node.type is None:
        raise TypeError("the expression has not been checked")
    return node.type


def quotients_multiplied(node: Node) -> bool:
    """Whether some quotient is multiplied afterwards, which rounds earlier than a clerk would."""
    return any(inner.op == "mul" and any(arg.op in ("quotient", "div") for arg in inner.args) for inner in node.walk())


def _expect(node: Node, kind: str) -> Kind:
    found = kind_of(node)
    if found.kind != kind:
        raise ExpressionError("wrong_type", expected=_SPOKEN[kind], found=_SPOKEN[found.kind])
    return found


def _number(places: int, values: Iterable[Decimal], unit: Unit | None = None) -> Kind:
    spread = sorted(values)
    low, high = spread[0], spread[-1]
    if places > _MAX_PLACES or low < -_MAX_SIZE or high > _MAX_SIZE:
        raise ExpressionError("too_wide")
    return Kind("number", places, low, high, unit=unit)


def _one_unit(kinds: Iterable[Kind]) -> Unit | None:
    """The unit numbers share that are added, compared or chosen between."""
    shared: Unit | None = None
    for kind in kinds:
        try:
            shared = together(shared, kind.unit)
        except ValueError:
            if shared is None or kind.unit is None:
                raise
            raise ExpressionError("unit_mismatch", left=shared.words, right=kind.unit.words) from None
    return shared


def _size(*kinds: Kind) -> Decimal:
    """The largest absolute value of the numbers without a unit."""
    return max((max(abs(kind.low), abs(kind.high)) for kind in kinds if kind.unit is None), default=Decimal(0))


def _check(node: Node, scope: Mapping[str, Kind]) -> Node:
    op, value = node.op, node.value
    if op == "name":
        if value not in scope:
            raise ExpressionError("unknown_name", name=value)
        return replace(node, type=scope[str(value)])
    if op == "number" and isinstance(value, Decimal):
        return replace(node, type=_number(_places(value), [value]))
    if op == "flag":
        return replace(node, type=_BOOL)
    if op == "text":
        raise ExpressionError("wrong_type", expected=_SPOKEN["number"], found=f"'{value}'")
    if op in ("eq", "ne") and any(arg.op == "text" for arg in node.args):
        return _check_choice(node, scope)
    checked = replace(node, args=tuple(_check(arg, scope) for arg in node.args))
    return _CHECKS[op](checked)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _check_choice(node: Node, scope: Mapping[str, Kind]) -> Node:
    left, right = node.args if node.args[1].op == "text" else node.args[::-1]
    name = _check(left, scope)
    codes = _expect(name, "choice").codes
    if right.value not in codes:
        raise ExpressionError("unknown_choice", name=left.value or "", code=right.value)
    return replace(node, args=(name, replace(right, type=Kind("choice", codes=codes))), type=_BOOL)


def _check_sum(node: Node) -> Node:
    left, right = (_expect(arg, "number") for arg in node.args)
    if node.op == "add":
        ends = EXACT.add(left.low, right.low), EXACT.add(left.high, right.high)
    else:
        ends = EXACT.subtract(left.low, right.high), EXACT.subtract(left.high, right.low)
    return replace(node, type=_number(max(left.places, right.places), ends, _one_unit((left, right))))


def _check_product(node: Node) -> Node:
    left, right = (_expect(arg, "number") for arg in node.args)
    corners = [EXACT.multiply(a, b) for a, b in product((left.low, left.high), (right.low, right.high))]
    unit = times(left.unit, right.unit, _size(left, right))
    return replace(node, type=_number(left.places + right.places, corners, unit))


def _check_negative(node: Node) -> Node:
    inner = _expect(node.args[0], "number")
    return replace(node, type=_number(inner.places, [inner.low.copy_negate(), inner.high.copy_negate()], inner.unit))


def _check_comparison(node: Node) -> Node:
    _one_unit([_expect(arg, "number") for arg in node.args])
    return replace(node, type=_BOOL)


def _check_logic(node: Node) -> Node:
    for arg in node.args:
        _expect(arg, "bool")
    return replace(node, type=_BOOL)


def _check_extreme(node: Node) -> Node:
    kinds = [_expect(arg, "number") for arg in node.args]
    choose = min if node.op == "min" else max
    ends = [choose(kind.low for kind in kinds), choose(kind.high for kind in kinds)]
    return replace(node, type=_number(max(kind.places for kind in kinds), ends, _one_unit(kinds)))


def _check_branches(node: Node) -> Node:
    """if(c, a, b) and case(c, a, c, a, ..., b): conditions are truths, all values numbers."""
    conditions, values = node.args[:-1:2], (*node.args[1::2], node.args[-1])
    for condition in conditions:
        _expect(condition, "bool")
    kinds = [_expect(value, "number") for value in values]
    ends = [end for kind in kinds for end in (kind.low, kind.high)]
    return replace(node, type=_number(max(kind.places for kind in kinds), ends, _one_unit(kinds)))


def _check_quotient(node: Node) -> Node:
    """a / b and div(a, b, default): saturating when the divisor is a variable, refused when it can be 0 unasked."""
    dividend, divisor = (_expect(arg, "number") for arg in node.args[:2])
    if divisor.low == 0 == divisor.high:
        raise ExpressionError("divisor_always_zero")
    crosses = divisor.low <= 0 <= divisor.high
    if crosses and node.op == "quotient":
        raise ExpressionError("divisor_zero")
    varies = bool(node.args[1].names())
    # The divisors closest to 0 give the largest quotients: the ends, and the first grid values beside 0.
    nearest = Decimal(1).scaleb(-divisor.places)
    divisors = {end for end in (divisor.low, divisor.high) if end}
    if divisor.low < 0:
        divisors.add(max(divisor.low, min(divisor.high, nearest.copy_negate())))
    if divisor.high > 0:
        divisors.add(min(divisor.high, max(divisor.low, nearest)))
    ends = [exact_quotient(a, b, saturates=varies) for a, b in product((dividend.low, dividend.high), divisors)]
    if dividend.low <= 0 <= dividend.high:
        ends.append(Decimal(0))
    places = QUOTIENT_PLACES
    unit = over(dividend.unit, divisor.unit, _size(dividend, divisor))
    if node.op == "div":
        default = _expect(node.args[2], "number")
        unit = _one_unit((Kind("number", unit=unit), default))
        if crosses:
            ends += [default.low, default.high]
            places = max(places, default.places)
    return replace(node, value=varies, type=_number(places, ends, unit))


def exact_quotient(dividend: Decimal, divisor: Decimal, *, saturates: bool) -> Decimal:
    """dividend / divisor rounded half away from zero to 8 places, once, from the exact quotient.

    A quotient by a variable saturates at +-1,000,000 (Semantics, section 5a). The divisor is not 0.
    """
    top, under_top = dividend.as_integer_ratio()
    bottom, under_bottom = divisor.as_integer_ratio()
    numerator, denominator = top * under_bottom, under_top * bottom
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    count = (2 * abs(numerator) * 10**QUOTIENT_PLACES + denominator) // (2 * denominator)
    result = Decimal(count).scaleb(-QUOTIENT_PLACES, EXACT)
    if saturates and result > SATURATION:
        result = SATURATION
    return result.copy_negate() if numerator < 0 and result else result


def _check_floor(node: Node) -> Node:
    figure = _expect(node.args[0], "number")
    step = _expect(node.args[1], "number")
    if node.args[0].op != "name":
        raise ExpressionError("floor_unnamed")
    if figure.low < 0:
        raise ExpressionError("floor_negative")
    if node.args[1].op != "number" or step.low <= 0:
        raise ExpressionError("floor_constant")
    return replace(node, type=_number(step.places, [Decimal(0), figure.high], figure.unit))


_CHECKS = {
    "add": _check_sum,
    "sub": _check_sum,
    "mul": _check_product,
    "neg": _check_negative,
    "quotient": _check_quotient,
    "div": _check_quotient,
    "min": _check_extreme,
    "max": _check_extreme,
    "if": _check_branches,
    "case": _check_branches,
    "floor_step": _check_floor,
    "and": _check_logic,
    "or": _check_logic,
    "not": _check_logic,
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), _check_comparison),
}


def named(kind: Kind, places: int, unit: Unit | None = None) -> Kind:
    """The range of a number once it is named and rounded to its type's places, in the unit of its type."""
    return Kind("number", places, round_places(kind.low, places), round_places(kind.high, places), unit=unit)


# --- what can be proved of a condition ------------------------------------------------------------------------------

_LESS = {"lt": False, "le": True}


def truths(node: Node) -> frozenset[bool]:
    """What a checked condition can be over the declared ranges: both, or only one of the two."""
    op, args = node.op, node.args
    if op == "flag":
        return frozenset({bool(node.value)})
    if op == "not":
        return frozenset(not one for one in truths(args[0]))
    if op in ("and", "or"):
        left, right = (truths(arg) for arg in args)
        return frozenset((a and b) if op == "and" else (a or b) for a in left for b in right)
    if op in ("lt", "le", "gt", "ge", "eq", "ne"):
        return _compared(op, kind_of(args[0]), kind_of(args[1]))
    return frozenset({True, False})


def _compared(op: str, left: Kind, right: Kind) -> frozenset[bool]:
    if left.kind != "number" or right.kind != "number":
        return frozenset({True, False})
    if op in ("gt", "ge"):
        op, left, right = {"gt": "lt", "ge": "le"}[op], right, left
    if op in _LESS:
        may = left.low < right.high or (_LESS[op] and left.low == right.high)
        may_not = left.high > right.low or (not _LESS[op] and left.high == right.low)
    else:
        may = left.low <= right.high and right.low <= left.high
        may_not = not left.low == left.high == right.low == right.high
        if op == "ne":
            may, may_not = may_not, may
    return frozenset(({True} if may else set()) | ({False} if may_not else set()))


def settled_branches(node: Node) -> Iterator[tuple[Node, bool]]:
    """The conditions inside if and case that are always or never met, with which of the two."""
    for inner in node.walk():
        if inner.op in ("if", "case"):
            for condition in inner.args[:-1:2]:
                possible = truths(condition)
                if len(possible) == 1:
                    yield condition, True in possible
