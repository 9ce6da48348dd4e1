"""Names that `gen init` proposes, over documents made up by hypothesis."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_generator.document import read_document
from treenail_generator.init import Wishes, propose
from treenail_generator.init.proposal import SpecProposal

TWINS = (
    *(
        "getBook",
        "get_book",
        "GetBook",
        "get-book",
        "get.book",
        "get/book",
        "get__book",
        "GET_book",
    ),
    *("getBooks", "getBookById", "GET_a", "GET", "tool", "get_book_0a1b2c3d", "get_book_7b0c3a11"),
)
IDS = st.text(st.sampled_from("abGet_-./ 1é"), max_size=90) | st.sampled_from(TWINS)
METHODS = ("get", "put", "post", "delete")
ENDPOINTS = st.tuples(st.sampled_from(METHODS), st.text(st.sampled_from("ab{}/1"), max_size=12))


def is_sound(path: str) -> bool:
    return re.fullmatch(r"(?:[ab1/]|\{[ab1]+\}(?=/|$))*", path) is not None


DOCUMENTS = st.dictionaries(
    ENDPOINTS.filter(lambda each: is_sound(each[1])), st.none() | IDS, max_size=8
)


def names(operations: dict[tuple[str, str], str | None]) -> dict[str, str]:
    """The proposed name of each operation, by its endpoint."""
    paths: dict[str, Any] = {}
    for (method, path), operation_id in operations.items():
        own = {"responses": {"200": {"description": "Done."}}}
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in dict.fromkeys(re.findall(r"\{([^}]+)\}", path))
        ]
        entry = {**own, "parameters": parameters}
        paths.setdefault(f"/{path}", {})[method] = (
            entry if operation_id is None else {**entry, "operationId": operation_id}
        )
    text = json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths})
    document = read_document(text, "specs/t.json")
    wishes = Wishes(name="t", spec=SpecProposal(path="specs/t.json"), everything=True)
    proposal = propose(document, wishes, tuple(document.operations))
    return {tool.endpoint: tool.name for tool in proposal.tools}


@pytest.mark.requirement("INIT-LEGAL")
@given(DOCUMENTS)
def test_names_are_legal_and_each_once(operations: dict[tuple[str, str], str | None]) -> None:
    found = list(names(operations).values())

    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in found)
    assert all(len(f"mcp__t__{name}") <= 64 for name in found)


@pytest.mark.requirement("INIT-STABLE")
@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_operations_changes_no_name(
    operations: dict[tuple[str, str], str | None], random: Any
) -> None:
    shuffled = list(operations.items())
    random.shuffle(shuffled)

    assert names(dict(shuffled)) == names(operations)


@pytest.mark.requirement("INIT-STABLE")
@given(DOCUMENTS, DOCUMENTS)
def test_more_operations_rename_none(
    operations: dict[tuple[str, str], str | None], more: dict[tuple[str, str], str | None]
) -> None:
    own = set(operations.values())
    added = {at: key for at, key in more.items() if key is None or key not in own}

    assert names(operations).items() <= names(added | operations).items()


@pytest.mark.requirement("INIT-STABLE")
def test_twins_keep_their_own_names_whoever_comes() -> None:
    alone = {name for key in TWINS for name in names({("get", f"a{len(key)}"): key}).values()}
    together = names({("get", f"a{at}b"): key for at, key in enumerate(TWINS)})

    assert set(together.values()) == alone
    assert len(alone) == len(TWINS)


@pytest.mark.requirement("INIT-STABLE")
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("listBooks", "listBooks"),
        ("get_book-v2", "get_book-v2"),
        ("storage.buckets.list", "storage__buckets__list"),
        ("repos/get-all", "repos--get-all"),
        ("get__book", "get_book_[0-9a-f]{8}"),
        ("get book", "get_book_[0-9a-f]{8}"),
        ("get_book_0a1b2c3d", "get_book_0a1b2c3d_[0-9a-f]{8}"),
        ("GET_book", "tool_GET_book_[0-9a-f]{8}"),
        ("list" + "OfAll" * 20, "listOf[A-Za-z]+_[0-9a-f]{8}"),
        (None, "GET_b"),
    ],
)
def test_an_operation_id_is_the_name_where_it_can_be_read_back(key: str | None, name: str) -> None:
    assert re.fullmatch(name, names({("get", "b"): key})["GET /b"])


@pytest.mark.requirement("INIT-STABLE")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "GET"),
        ("a/{b}/1", "GET_a_by-b_1"),
        ("a/", "GET_a_[0-9a-f]{8}"),
        ("a//b", "GET_a_b_[0-9a-f]{8}"),
    ],
)
def test_without_an_operation_id_the_endpoint_is_the_name(path: str, name: str) -> None:
    assert re.fullmatch(name, names({("get", path): None})[f"GET /{path}"])
