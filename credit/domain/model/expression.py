"""The expression language: text to a tree. No evaluation by Python, no attribute, no call beyond a fixed list.

    sum      := product (("+" | "-") product)*          product := unary (("*" | "/") unary)*
    unary    := "-" unary | primary                     primary := number | 'code' | name | name(args) | (any)
    any      := "or" over "and" over "not" over comparison (< <= > >= == !=) over sum

Numbers are decimal literals; choice codes stand in single quotes. Functions: see ``FUNCTIONS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from credit.domain.model.units import Unit

FUNCTIONS: dict[str, tuple[int, int | None]] = {  # least and most arguments
    "min": (2, 12),
    "max": (2, 12),
    "div": (3, 3),  # div(dividend, divisor, value when the divisor is 0)
    "floor_step": (2, 2),  # floor_step(named figure >= 0, step)
    "if": (3, 3),  # if(condition, then, else)
    "case": (3, 41),  # case(condition, value, condition, value, ..., else)
}
RESERVED = frozenset({"and", "or", "not", "true", "false", "combined", "line", "constructor", "prototype", *FUNCTIONS})
MAX_TOKENS = 250
MAX_DEPTH = 24

_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[a-z][a-z0-9_]*)|'(?P<text>[A-Za-z0-9][A-Za-z0-9_]*)'|(?P<op><=|>=|==|!=|[-+*/(),<>])",
    re.ASCII,
)
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


class ExpressionError(ValueError):
    """A formula that cannot stand, with the code and values of its message."""

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Kind:
    """What a value can be: a number on a grid of ``places`` within [low, high], a truth, a choice or a list of events.

    ``unit`` is None for a number as written, which takes the unit of what it meets."""

    kind: str  # number | bool | choice | events
    places: int = 0
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    codes: tuple[str, ...] = ()
    unit: Unit | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Node:
    """A node of the tree. After checking ``type`` says what it can be, so that a compiler can prove its ranges.

    Operations: number, text, flag, name, neg, add, sub, mul, quotient, lt, le, gt, ge, eq, ne, and, or, not, and the
    names of ``FUNCTIONS``. ``value`` is the literal or the name; for quotient and div whether it saturates.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: Decimal | str | bool | None = None
    at: int = 0
    type: Kind | None = field(default=None, compare=False)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, from the left."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.args))

    def names(self) -> tuple[str, ...]:
        """The names the expression reads, each once, in order of first use."""
        return tuple(dict.fromkeys(str(node.value) for node in self.walk() if node.op == "name"))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Node:
    """The tree of an expression, or ExpressionError naming the character that could not be read."""
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ExpressionError("syntax", at=position + 1, found=text[position : position + 12])
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], position + 1))
        if len(tokens) > MAX_TOKENS:
            raise ExpressionError("too_complex")
        position = match.end()
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def unexpected(self) -> ExpressionError:
        return ExpressionError("syntax", at=self.token.at, found=self.token.text or "∎")

    def accept(self, *texts: str) -> _Token | None:
        token = self.token
        if token.kind in ("op", "name") and token.text in texts:
            self.position += 1
            return token
        return None

    def expect(self, text: str) -> None:
        if self.accept(text) is None:
            raise self.unexpected()

    def whole(self) -> Node:
        node = self.any()
        if self.token.kind != "end":
            raise self.unexpected()
        return node

    def any(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("too_deep")
        node = self.conjunction()
        while token := self.accept("or"):
            node = Node("or", (node, self.conjunction()), at=token.at)
        self.depth -= 1
        return node

    def conjunction(self) -> Node:
        node = self.negation()
        while token := self.accept("and"):
            node = Node("and", (node, self.negation()), at=token.at)
        return node

    def negation(self) -> Node:
        if token := self.accept("not"):
            return Node("not", (self.nested(self.negation),), at=token.at)
        return self.comparison()

    def comparison(self) -> Node:
        node = self.sum()
        if token := self.accept(*_COMPARISONS):
            node = Node(_COMPARISONS[token.text], (node, self.sum()), at=token.at)
        return node

    def sum(self) -> Node:
        node = self.product()
        while token := self.accept("+", "-"):
            node = Node("add" if token.text == "+" else "sub", (node, self.product()), at=token.at)
        return node

    def product(self) -> Node:
        node = self.unary()
        while token := self.accept("*", "/"):
            node = Node("mul" if token.text == "*" else "quotient", (node, self.unary()), at=token.at)
        return node

    def unary(self) -> Node:
        if token := self.accept("-"):
            return Node("neg", (self.nested(self.unary),), at=token.at)
        return self.primary()

    def nested(self, rule: object) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("too_deep")
        node: Node = rule()  # type: ignore[operator]
        self.depth -= 1
        return node

    def primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.position += 1
            if len(token.text) > 30:
                raise ExpressionError("too_wide")
            return Node("number", value=Decimal(token.text), at=token.at)
        if token.kind == "text":
            self.position += 1
            return Node("text", value=token.text, at=token.at)
        if self.accept("true", "false"):
            return Node("flag", value=token.text == "true", at=token.at)
        if self.accept("("):
            node = self.any()
            self.expect(")")
            return node
        if token.kind == "name" and token.text not in ("and", "or", "not"):
            self.position += 1
            return self.call(token) if self.accept("(") else Node("name", value=token.text, at=token.at)
        raise self.unexpected()

    def call(self, name: _Token) -> Node:
        if name.text not in FUNCTIONS:
            raise ExpressionError("unknown_function", name=name.text, allowed=", ".join(FUNCTIONS))
        args = [self.any()]
        while self.accept(","):
            args.append(self.any())
        self.expect(")")
        least, most = FUNCTIONS[name.text]
        if len(args) < least or (most is not None and len(args) > most) or (name.text == "case" and len(args) % 2 == 0):
            raise ExpressionError("argument_count", name=name.text)
        return Node(name.text, tuple(args), at=name.at)
