"""A tool without any upstream: what it works out, and what it refuses."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.phorest import CONNECTORS
from tests.support.upstreams import mocked
from treenail_runtime.contract import InvalidArguments, ToolContext
from treenail_runtime.loading import load_connector

(CALCULATOR,) = load_connector(CONNECTORS, "samples").tools
pytestmark = pytest.mark.requirement("CONN-CALCULATOR")


async def worked_out(expression: str) -> Any:
    def nobody(_: object) -> Any:
        raise AssertionError("something was sent")

    arguments = CALCULATOR.arguments.model_validate({"expression": expression})
    told = await CALCULATOR.run(arguments, ToolContext("samples", {}, mocked(nobody)))
    return told["result"]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 ** 2", -4),
        ("7 // 2 + 7 % 2", 4),
        ("1 / 4", 0.25),
        ("2 ** -1", 0.5),
        ("sqrt(16) + abs(-3)", 7.0),
        ("max(1, 2.5, 2)", 2.5),
        ("round(2.567, 2)", 2.57),
        ("round(2.5)", 2),
        ("floor(pi)", 3),
        ("2 ** 53", 9007199254740992),
        ("2 ** 53 + 1", "9007199254740993"),
        ("  1 ", 1),
    ],
)
async def test_arithmetic_is_worked_out(expression: str, result: object) -> None:
    told = await worked_out(expression)

    assert (told, type(told)) == (result, type(result))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 +", "it cannot be read"),
        ("1 2", "it cannot be read"),
        ("(" * 250, "it cannot be read"),
        ("1 / 0", "it divides by zero"),
        ("0 ** -1", "it divides by zero"),
        ("9 ** 9 ** 9", "a number on the way is too large"),
        ("2 ** 4096", "a number on the way is too large"),
        ("10.0 ** 400", "it has no value that can be told"),
        ("1e308 * 10", "a number on the way is not finite"),
        ("(-8) ** 0.5", "the result is no real number"),
        ("sqrt(-1)", "it has no value that can be told"),
        ("max()", "it has no value that can be told"),
        ("sin(1, 2)", "it has no value that can be told"),
        ("round(5, -999999999)", "round takes up to 15 digits"),
        ("True + 1", "only numbers can be worked out"),
        ("'a' * 9", "\"'a'\" is not among what it can work out"),
        ("1 if 1 else 2", "'1 if 1 else 2' is not among what it can work out"),
        ("1 << 99", "'1 << 99' is not among what it can work out"),
        ("__import__('os')", "\"__import__('os')\" is not among what it can work out"),
        ("pi.__class__", "'pi.__class__' is not among what it can work out"),
        ("[x for x in (1, 2)]", "'[x for x in (1, 2)]' is not among what it can work out"),
        ("round(number=1)", "'round(number=1)' is not among what it can work out"),
    ],
)
async def test_anything_else_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        await worked_out(expression)

    assert refused.value.problems == (f"expression: {reason}",)


@given(st.text("0123456789.+-*/%() ,e", min_size=1, max_size=60))
async def test_whatever_is_typed_is_answered_at_once(expression: str) -> None:
    start = time.process_time()
    try:
        result = await worked_out(expression)
    except InvalidArguments:
        result = 0

    assert isinstance(result, int | float | str)
    assert time.process_time() - start < 1
