"""Reading YAML and JSON: what values mean, and that each keeps its place."""

import json
import time

import pytest

from treenail_generator.diagnostics import BuildError, Diagnostic, Location, nearest
from treenail_generator.yaml_source import JSON, read_source


def read(text: str) -> JSON:
    return read_source(text, "a.yaml").value


def refusal(text: str) -> str:
    with pytest.raises(BuildError) as raised:
        read_source(text, "a.yaml")
    return str(raised.value)


def test_a_location_reads_as_an_editor_link() -> None:
    assert str(Location("specs/a.yaml", 3, 7)) == "specs/a.yaml:3:7"


def test_a_diagnostic_prints_its_place_code_message_and_hint() -> None:
    plain = Diagnostic(Location("a.yaml", 1, 2), "some-code", "it is wrong")
    hinted = Diagnostic(Location("a.yaml", 1, 2), "some-code", "it is wrong", hint="do this")

    assert str(plain) == "a.yaml:1:2: some-code: it is wrong"
    assert str(hinted) == "a.yaml:1:2: some-code: it is wrong\n  hint: do this"


def test_a_diagnostic_as_json_is_one_flat_object() -> None:
    found = Diagnostic(Location("a.yaml", 1, 2), "c", "m", hint="h", severity="warning")

    assert found.as_json() == {
        "file": "a.yaml",
        "line": 1,
        "column": 2,
        "severity": "warning",
        "code": "c",
        "message": "m",
        "hint": "h",
    }


def test_a_build_error_lists_its_diagnostics_in_the_order_of_the_files() -> None:
    late = Diagnostic(Location("b.yaml", 1, 1), "z", "late")
    later_line = Diagnostic(Location("a.yaml", 10, 1), "z", "third")
    early = Diagnostic(Location("a.yaml", 9, 4), "z", "second")

    error = BuildError([late, later_line, early])

    assert error.diagnostics == (early, later_line, late)
    assert str(error) == "a.yaml:9:4: z: second\na.yaml:10:1: z: third\nb.yaml:1:1: z: late"


@pytest.mark.parametrize("meant", ["updatedAfter", "updated_after", "updated-after"])
def test_the_nearest_name_is_found_across_spelling_conventions(meant: str) -> None:
    assert nearest("updatedafter", ["createdAfter", meant, "page"]) == meant


def test_the_nearest_name_survives_a_typo() -> None:
    assert nearest("listBranchs", ["getBranch", "listBranches", "listStaff"]) == "listBranches"


def test_nothing_is_near_when_nothing_is_close() -> None:
    assert nearest("zebra", ["listBranches", "getBranch"]) is None
    assert nearest("zebra", []) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("1:30", "1:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("1.50", 1.5),
        (".5", 0.5),
        ("6.02e23", 6.02e23),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("1.2.3", "1.2.3"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ('!!int "5"', 5),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: JSON) -> None:
    found = read(text)

    assert found == value
    assert type(found) is type(value)


def test_every_key_is_a_text_as_written() -> None:
    text = "200: a\ntrue: b\nnull: c\nno: d\n1.10: e\n2026-01-01: f\n'x': g\n"

    assert read(text) == {
        "200": "a",
        "true": "b",
        "null": "c",
        "no": "d",
        "1.10": "e",
        "2026-01-01": "f",
        "x": "g",
    }


def test_json_reads_like_any_json_parser_reads_it() -> None:
    value: JSON = {"a": [1, -2.5, True, None, "x\t\u00e9\u2028/"], "": {"é": {}}, "200": []}

    assert read(json.dumps(value)) == value
    assert read(json.dumps(value, indent="\t", ensure_ascii=False)) == value
    assert read('{"a":"b\\/c"}') == {"a": "b/c"}


def test_json_surrogate_pairs_become_characters_and_keep_the_columns() -> None:
    r"""`json.dumps` writes U+1F600 as `\ud83d\ude00`; libyaml refuses that spelling."""
    text = json.dumps({"😀": "a😀b😀", "c": 1, "\\ud83d": 2})
    source = read_source(text, "a.json")

    assert source.value == {"😀": "a😀b😀", "c": 1, "\\ud83d": 2}
    assert source.at(("c",)) == Location("a.json", 1, text.index("1,") + 1)
    assert source.key_at(("c",)) == Location("a.json", 1, text.index('"c"') + 1)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    source = read_source("\ufeffa: 1\n", "a.yaml")

    assert source.value == {"a": 1}
    assert source.key_at(("a",)) == Location("a.yaml", 1, 1)


NESTED = """\
top:
  - name: first
    "quoted": { deep: [10, 20] }
  -
    empty:
après: 😀
last: x
"""


@pytest.mark.parametrize(
    ("pointer", "value_place", "key_place"),
    [
        ((), (1, 1), (1, 1)),
        (("top",), (2, 3), (1, 1)),
        (("top", 0), (2, 5), (2, 5)),
        (("top", 0, "name"), (2, 11), (2, 5)),
        (("top", 0, "quoted"), (3, 15), (3, 5)),
        (("top", 0, "quoted", "deep", 1), (3, 28), (3, 28)),
        (("top", 1, "empty"), (5, 11), (5, 5)),
        (("après",), (6, 8), (6, 1)),
        (("last",), (7, 7), (7, 1)),
    ],
)
def test_every_value_and_key_has_its_place(
    pointer: tuple[str | int, ...], value_place: tuple[int, int], key_place: tuple[int, int]
) -> None:
    source = read_source(NESTED, "a.yaml")

    assert source.at(pointer) == Location("a.yaml", *value_place)
    assert source.key_at(pointer) == Location("a.yaml", *key_place)


@pytest.mark.parametrize(
    "pointer", [("top", 0, "nope"), ("top", 0, "nope", "deeper"), ("top", 0, 3)]
)
def test_what_does_not_exist_is_where_its_nearest_ancestor_is(
    pointer: tuple[str | int, ...],
) -> None:
    source = read_source(NESTED, "a.yaml")

    assert source.at(pointer) == Location("a.yaml", 2, 5)
    assert source.key_at(pointer) == Location("a.yaml", 2, 5)


def test_scalars_can_be_had_as_they_were_written() -> None:
    source = read_source("version: 1.10\nname: 'x'\nlist: []\nnone: ~\n", "a.yaml")

    assert source.text_at(("version",)) == "1.10"
    assert source.text_at(("name",)) == "x"
    assert source.text_at(("list",)) is None
    assert source.text_at(("none",)) is None
    assert source.text_at(("absent",)) is None


def test_aliases_repeat_their_anchor_and_point_to_it() -> None:
    source = read_source("a: &x {k: 1}\nb: *x\n", "a.yaml")

    assert source.value == {"a": {"k": 1}, "b": {"k": 1}}
    assert source.at(("b", "k")) == Location("a.yaml", 1, 11)
    assert source.key_at(("b",)) == Location("a.yaml", 2, 1)


def test_merge_keys_fill_in_what_a_mapping_does_not_say() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {<<: *a}\n"

    value = read(text)

    assert isinstance(value, dict)
    assert value["c"] == {"x": 3, "y": 1, "z": 2}
    assert value["d"] == {"x": 1, "y": 1}


def test_a_quoted_merge_key_is_a_name() -> None:
    assert read('{"<<": {"a": 1}}') == {"<<": {"a": 1}}


def test_duplicate_keys_are_all_reported_where_they_stand_again() -> None:
    text = "a: 1\nb:\n  200: x\n  '200': y\na: 2\n"

    assert refusal(text) == (
        "a.yaml:4:3: duplicate-key: the key '200' stands twice, first in line 3\n"
        "a.yaml:5:1: duplicate-key: the key 'a' stands twice, first in line 1"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a:\n\tb: 1\n",
            (
                "a.yaml:2:1: yaml-syntax: found character that cannot start any token"
                " while scanning for the next token\n"
                "  hint: indent with spaces; YAML allows no tabs there"
            ),
        ),
        (
            "a: b: c\n",
            (
                "a.yaml:1:5: yaml-syntax: mapping values are not allowed in this context\n"
                "  hint: quote a text that contains ': '"
            ),
        ),
        (
            "a: @x\n",
            (
                "a.yaml:1:4: yaml-syntax: found character that cannot start any token"
                " while scanning for the next token\n"
                "  hint: quote a text that starts with '@'"
            ),
        ),
        (
            "a: [1, 2\nb: 3\n",
            (
                "a.yaml:2:2: yaml-syntax: did not find expected ',' or ']'"
                " while parsing a flow sequence"
            ),
        ),
        (
            "a: *nope\n",
            (
                "a.yaml:1:4: yaml-syntax: no anchor '&nope' ends before this alias\n"
                "  hint: quote a text that starts with '*'"
            ),
        ),
        (
            "a: &x [*x]\n",
            (
                "a.yaml:1:8: yaml-syntax: no anchor '&x' ends before this alias\n"
                "  hint: quote a text that starts with '*'"
            ),
        ),
        ("? [a]\n: 1\n", "a.yaml:1:3: yaml-syntax: a mapping or list cannot be a key"),
        ("a:\n  <<: text\n", "a.yaml:2:7: yaml-syntax: '<<' merges only mappings"),
        (
            "a: !include b.yaml\n",
            "a.yaml:1:4: yaml-syntax: the tag '!include' is not supported\n  hint: remove it",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "a.yaml:2:1: yaml-syntax: a second document starts here\n  hint: keep one document",
        ),
        (
            'a: 1\nb: "x\x01"\n',
            (
                "a.yaml:2:6: yaml-syntax: the character U+0001 is not allowed\n"
                "  hint: write it as an escape in a double-quoted text"
            ),
        ),
    ],
)
def test_broken_yaml_is_refused_with_its_place_and_a_way_out(text: str, message: str) -> None:
    assert refusal(text) == message


def test_a_lone_surrogate_in_the_text_is_refused() -> None:
    assert refusal("a: \ud800") == (
        "a.yaml:1:4: yaml-syntax: the character U+D800 is not allowed\n"
        "  hint: write it as an escape in a double-quoted text"
    )


def test_a_billion_laughs_are_refused_at_once() -> None:
    levels = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = time.perf_counter()

    message = refusal("\n".join(levels))

    assert message.endswith("too-large: aliases repeat more than 1,000,000 values")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("deep", ["[" * 201, "[" * 100_000, '{"a":' * 201, "- " * 201])
def test_deep_nesting_is_refused_before_it_costs_anything(deep: str) -> None:
    started = time.perf_counter()

    message = refusal(deep)

    assert message.endswith("too-large: nested more than 200 levels deep")
    assert time.perf_counter() - started < 1


def test_two_hundred_levels_are_fine() -> None:
    assert read("[" * 200 + "]" * 200) is not None
