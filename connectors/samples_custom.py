"""Hand-written tools of the samples connector."""

import ast
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from treenail_runtime.contract import (
    Annotations,
    Input,
    InvalidArguments,
    JsonObject,
    Tool,
    ToolContext,
)

Number: TypeAlias = int | float

LONGEST: Final = 500
"""Characters of an expression; it bounds the depth of the tree, too."""

SHOWN: Final = 60
"""Characters of a part that is refused."""

MOST_DIGITS: Final = 15
"""To which numbers are rounded; some millions of them would take minutes."""

LARGEST_BITS: Final = 4096
"""Of a whole number on the way, so that 9**9**9 takes no time and no memory."""


class RefusedError(Exception):
    """Why an expression has no value, for the agent."""


def _rounded(number: Number, digits: Number = 0) -> Number:
    if not isinstance(digits, int) or abs(digits) > MOST_DIGITS:
        raise RefusedError(f"round takes up to {MOST_DIGITS} digits")
    return round(number, digits) if digits else round(number)


def _absolute(number: Number) -> Number:
    return abs(number)


CONSTANTS: Final[Mapping[str, float]] = {"pi": math.pi, "e": math.e, "tau": math.tau}
FUNCTIONS: Final[Mapping[str, Callable[..., Number]]] = {
    "abs": _absolute,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "hypot": math.hypot,
    "ln": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": _rounded,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}
OPERATORS: Final[Mapping[type[ast.operator], Callable[[Number, Number], Number]]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
}


class Calculator(Input):
    """Arguments of calculator."""

    expression: Annotated[str, Field(min_length=1, max_length=LONGEST)] = Field(
        description=(
            "Numbers with + - * / // % ** and parentheses; pi, e, tau; abs, ceil, cos, exp, floor, "
            "hypot, ln, log10, log2, max, min, round, sin, sqrt, tan. Angles in radians."
        )
    )


async def calculator(arguments: Calculator, context: ToolContext) -> JsonObject:
    """Work out the expression; sends nothing.

    Only the nodes of `_value` are ever followed, so no name, attribute or call of Python is in reach.
    """
    try:
        tree = ast.parse(arguments.expression.strip(), mode="eval")
        result = _whole(_value(tree.body))
    except SyntaxError:
        raise InvalidArguments(["expression: it cannot be read"]) from None
    except RefusedError as error:
        raise InvalidArguments([f"expression: {error}"]) from None
    except ZeroDivisionError:
        raise InvalidArguments(["expression: it divides by zero"]) from None
    except (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError):
        raise InvalidArguments(["expression: it has no value that can be told"]) from None
    return {"expression": arguments.expression, "result": result}


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=bool()):
            raise RefusedError("only numbers can be worked out")
        case ast.Constant(value=int() | float() as number):
            return _bounded(number)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _bounded(_power(_value(left), _value(right)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return _bounded(OPERATORS[type(sign)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in FUNCTIONS:
            return _bounded(FUNCTIONS[name](*map(_value, given)))
        case _:
            raise RefusedError(f"{ast.unparse(node)[:SHOWN]!r} is not among what it can work out")


def _power(base: Number, exponent: Number) -> Number:
    """`base` to the power of `exponent`, refused before it is worked out where it is too large."""
    if isinstance(base, int) and isinstance(exponent, int):
        if exponent > 0 and base.bit_length() * exponent > LARGEST_BITS:
            raise RefusedError("a number on the way is too large")
        return base**exponent
    result = float(base) ** exponent
    if isinstance(result, complex):
        raise RefusedError("the result is no real number")
    return result


def _bounded(number: Number) -> Number:
    if isinstance(number, int) and number.bit_length() > LARGEST_BITS:
        raise RefusedError("a number on the way is too large")
    if isinstance(number, float) and not math.isfinite(number):
        raise RefusedError("a number on the way is not finite")
    return number


def _whole(number: Number) -> Number | str:
    """The number as JSON carries it: an integer beyond 2**53 as text, for programs read it wrongly."""
    if isinstance(number, int) and abs(number) > 2**53:
        return str(number)
    return number


TOOLS = (
    Tool(
        name="calculator",
        title="Calculator",
        description="Works out an arithmetic expression.",
        arguments=Calculator,
        run=calculator,
        annotations=Annotations(
            read_only=True, destructive=False, idempotent=True, open_world=False
        ),
        example={"expression": "(3 + 4) * 2 ** 10 / sqrt(16)"},
    ),
)
