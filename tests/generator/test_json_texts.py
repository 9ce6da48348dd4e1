import json

import pytest

from treenail_generator.json_texts import canonical, laid_out

VALUES = [
    {"b": [1, 2.5, None, True], "a": {"ü": "\n"}},
    {"large": 2**70, "z": 1, "a": 2},
    {"half": "\ud800"},
]


@pytest.mark.parametrize("value", VALUES)
def test_the_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(turned) == canonical(value)
    assert laid_out(turned) == laid_out(value)


@pytest.mark.parametrize("value", VALUES)
def test_what_is_written_is_read_again(value: dict[str, object]) -> None:
    assert json.loads(canonical(value)) == value
    assert json.loads(laid_out(value)) == value
    assert laid_out(value).endswith("}\n")
    assert laid_out(value).count("\n") > len(value)
