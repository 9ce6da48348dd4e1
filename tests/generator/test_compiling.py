"""A module is compiled in parts, and that changes nothing of what it does."""

from typing import Any

import pytest

from treenail_generator.verify.compiling import statements

FILLER = "\n\nclass Filler:\n" + "    field: int = 0\n" * 4_000
LOOKALIKE = '\n\nclass Told:\n    """Words.\n\nclass Hidden:\n    ran = 1\n    """\n'


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for code in statements(text, "made.py"):
        exec(code, names)  # noqa: S102  # the text of this test
    return names


@pytest.mark.requirement("GEN-PARTS")
def test_a_large_module_becomes_several_parts_that_see_each_other() -> None:
    text = f"FIRST = 1\n{FILLER}\n\nSECOND: int = FIRST + Filler.field\n\n\nTHIRD: Final = 3\n"
    text = (
        f"from typing import Final\n{text}{FILLER}\n\nasync def last() -> int:\n    return THIRD\n"
    )

    names = run(text)

    assert len(statements(text, "made.py")) > 2
    assert (names["SECOND"], names["THIRD"]) == (1, 3)
    assert names["last"].__name__ == "last"


@pytest.mark.requirement("GEN-PARTS")
@pytest.mark.parametrize("count", range(3))
def test_a_docstring_with_a_line_like_a_statement_stays_a_docstring(count: int) -> None:
    names = run(FILLER + LOOKALIKE + FILLER * count)

    assert "Hidden" not in names
    assert names["Told"].__doc__ == "Words.\n\nclass Hidden:\n    ran = 1\n    "


@pytest.mark.requirement("GEN-PARTS")
def test_what_is_no_python_is_told_with_its_own_line() -> None:
    text = f"{FILLER}\n\nclass Broken:\n    field: = 1\n"

    with pytest.raises(SyntaxError) as caught:
        statements(text, "made.py")

    assert caught.value.lineno == text.count("\n")
