"""Hints as clients are told them."""

import itertools

import pytest
from mcp_types import ToolAnnotations

from treenail_runtime.contract import Annotations


@pytest.mark.requirement("MCP-HINTS")
@pytest.mark.parametrize("given", list(itertools.product((True, False), repeat=4)))
def test_what_is_told_means_the_same_as_all_of_it(given: tuple[bool, bool, bool, bool]) -> None:
    read_only, destructive, idempotent, open_world = given
    hints = Annotations(
        read_only=read_only,
        destructive=destructive,
        idempotent=idempotent,
        open_world=open_world,
    )

    told = ToolAnnotations.model_validate(hints.published)

    # What clients assume of a hint that is missing: MCP 2026-07-28, `ToolAnnotations`.
    assert (told.read_only_hint is True) is read_only
    assert (told.open_world_hint is not False) is open_world
    if not read_only:
        assert told.destructive_hint is destructive
        assert (told.idempotent_hint is True) is idempotent


def test_a_tool_that_reads_is_told_in_one_word() -> None:
    hints = Annotations(read_only=True, destructive=False, idempotent=True, open_world=True)

    assert hints.published == {"readOnlyHint": True}
