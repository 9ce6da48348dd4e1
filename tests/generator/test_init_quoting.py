"""The YAML that `gen init` writes says exactly what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_generator.init.quoting import comment, quoted, value
from treenail_generator.yaml_source import JSON, read_source

HOSTILE = (
    "no",
    "0o17",
    "2026-01-01",
    "- a",
    "a: b",
    "a #b",
    "{{7*7}}",
    "!!python/object:os.system",
    "&a *a",
    "\n---\nschema: 2",
    'quote " and \\',
    "\u2028\x85\x00\x1b",
    "\U0001f468\u200d\U0001f33e",
)
DATA: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.requirement("INIT-QUOTED")
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_reads_back_as_it_was(text: str) -> None:
    assert read_source(f"key: {quoted(text)}\n", "x.yaml").value == {"key": text}


@pytest.mark.requirement("INIT-QUOTED")
@given(st.text())
def test_any_text_reads_back_as_it_was(text: str) -> None:
    assert read_source(f"a:\n  - {quoted(text)}\n", "x.yaml").value == {"a": [text]}


@pytest.mark.requirement("INIT-QUOTED")
@given(DATA)
def test_any_data_reads_back_as_it_was(data: JSON) -> None:
    assert read_source(f"key: {value(data)}\n", "x.yaml").value == {"key": data}


@pytest.mark.requirement("INIT-QUOTED")
@given(st.text())
def test_a_comment_never_ends_before_its_line(text: str) -> None:
    assert read_source(f"# {comment(text)}\nkey: 1\n", "x.yaml").value == {"key": 1}
