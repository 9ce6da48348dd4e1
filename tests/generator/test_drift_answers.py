"""`gen diff` over answers: what is picked, renamed, redacted and wrapped, and published schemas."""

import json
from pathlib import Path

import pytest

from tests.support.project import STATUS, case_project, replace, run, told

CONNECTOR, SPEC = "connectors/{case}.yaml", "specs/spec.yaml"


def drift(project: Path, case: str, file: str, old: str, new: str) -> set[tuple[str, str, str]]:
    """What `gen diff` tells after one edit of a project that was built before."""
    assert run(project, "build", case).exit_code == 0
    replace(project / file.format(case=case), old, new)
    result = run(project, "diff", case, "--json")
    found = told(result)
    assert result.exit_code == STATUS[found["severity"]], result.output
    return {(each["tool"], each["severity"], each["message"]) for each in found["changes"]}


PICK = "pick: [personId, displayName, address.city, phone, friends]"
LIST = "list_people"
EDITS = {
    "a picked field is gone": (
        (CONNECTOR, PICK, PICK.replace("personId, ", "")),
        {(LIST, "breaking", "the answer no longer has people.person_id")},
    ),
    "a field inside an object is gone": (
        (CONNECTOR, PICK, PICK.replace("address.city", "address.zipCode")),
        {
            (LIST, "breaking", "the answer no longer has people.address.city"),
            (LIST, "compatible", "the answer has people.address.zip_code, too"),
        },
    ),
    "a field is picked, too": (
        (CONNECTOR, PICK, PICK.replace("friends", "friends, links")),
        {(LIST, "compatible", "the answer has people.links, too")},
    ),
    "a field has another name": (
        (CONNECTOR, "rename: {displayName: name}", "rename: {displayName: called}"),
        {
            (LIST, "breaking", "the answer no longer has people.name"),
            (LIST, "compatible", "the answer has people.called, too"),
        },
    ),
    "a field is redacted": (
        (CONNECTOR, "redact: [phone]", "redact: [phone, displayName]"),
        {(LIST, "breaking", "answer.people.name is redacted now")},
    ),
    "a field is no longer redacted": (
        (CONNECTOR, "redact: [phone]", "redact: []"),
        {(LIST, "compatible", "answer.people.phone is no longer redacted")},
    ),
    "an allow-list takes the place of everything": (
        (CONNECTOR, "response: {omit: [links]}", "response: {pick: [personId, phone]}"),
        {
            ("get_person", "breaking", "the answer no longer has further fields"),
            ("get_person", "breaking", "the answer no longer has address"),
            ("get_person", "breaking", "the answer no longer has display_name"),
            ("get_person", "breaking", "the answer no longer has friends"),
        },
    ),
    "a list has another name": (
        (CONNECTOR, "root: _embedded.people\n", "root: _embedded.people\n      name: persons\n"),
        {
            (LIST, "breaking", "the answer no longer has people"),
            (LIST, "compatible", "the answer has persons, too"),
        },
    ),
    "pages are no longer told": (
        (CONNECTOR, "root: _embedded.people\n", "root: _embedded.people\n      page: none\n"),
        {
            (LIST, "breaking", f"the answer no longer has {name}")
            for name in ("page", "total_pages", "total_items", "next_page")
        },
    ),
    "the upstream knows a field no longer": (
        (SPEC, "        phone: {type: string}\n", ""),
        {("get_person", "breaking", "the answer no longer has phone")},
    ),
    "an object is no longer described": (
        (SPEC, 'address: {$ref: "#/components/schemas/Address"}', "address: {type: object}"),
        {("get_person", "breaking", "answer.address is what the upstream sends now")},
    ),
}


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_diff_tells_what_became_of_the_answered_fields(
    tmp_path: Path, edit: tuple[tuple[str, str, str], set[tuple[str, str, str]]]
) -> None:
    project = case_project("answers", tmp_path)
    # An unknown field in `redact` would be a fault of its own.
    if edit[0][0] == SPEC:
        replace(
            project / "connectors/answers.yaml", PICK, PICK.replace("address.city, phone, ", "")
        )
        replace(project / "connectors/answers.yaml", "      redact: [phone]\n", "")

    assert edit[1] <= drift(project, "answers", *edit[0])


def test_diff_tells_when_an_answer_no_longer_passes_as_it_is(tmp_path: Path) -> None:
    described, picked = "description: Tells the weather.\n", "    response: {pick: [sky, wind]}\n"
    project = case_project("custom_tools", tmp_path)

    narrowed = drift(project, "custom_tools", CONNECTOR, described, described + picked)
    widened = drift(project, "custom_tools", CONNECTOR, picked, "")

    told = "the answer is no longer what the upstream sends: sky, wind"
    assert narrowed == {("get_weather", "breaking", told)}
    assert widened == {("get_weather", "breaking", "the answer is what the upstream sends now")}


def test_a_lock_that_did_not_know_of_answers_yet_is_no_reason_to_warn(tmp_path: Path) -> None:
    project = case_project("answers", tmp_path)
    assert run(project, "build", "answers").exit_code == 0
    lock = project / "connectors/answers.lock"
    known = json.loads(lock.read_text(encoding="utf-8"))
    del known["records"]
    for tool in known["tools"].values():
        del tool["answers"]
    lock.write_text(json.dumps(known), encoding="utf-8")

    assert told(run(project, "diff", "answers", "--json"))["changes"] == []


PUBLISHED = {
    "an enumeration won a value": (
        (SPEC, "phone: {type: string}", "phone: {type: string, enum: [a, b]}"),
        (SPEC, "enum: [a, b]", "enum: [a, b, c]"),
        ("get_person", "compatible", "answer.phone may be 'c', too"),
    ),
    "an enumeration lost a value": (
        (SPEC, "phone: {type: string}", "phone: {type: string, enum: [a, b]}"),
        (SPEC, "enum: [a, b]", "enum: [a]"),
        ("get_person", "compatible", "answer.phone is no longer 'b'"),
    ),
    "a bound is wider": (
        (SPEC, "maxLength: 40", "maxLength: 40"),
        (SPEC, "maxLength: 40", "maxLength: 50"),
        ("get_person", "compatible", "answer.display_name: maxLength is 50, was 40"),
    ),
    "a type is another": (
        (SPEC, "phone: {type: string}", "phone: {type: string}"),
        (SPEC, "phone: {type: string}", "phone: {type: integer}"),
        ("get_person", "breaking", "answer.phone is integer, was string"),
    ),
    "a type is wider": (
        (SPEC, "phone: {type: string}", "phone: {type: integer}"),
        (SPEC, "phone: {type: integer}", "phone: {type: number}"),
        ("get_person", "breaking", "answer.phone is number, was integer"),
    ),
    "a type is narrower": (
        (SPEC, "phone: {type: string}", "phone: {type: number}"),
        (SPEC, "phone: {type: number}", "phone: {type: integer}"),
        ("get_person", "compatible", "answer.phone is integer, was number"),
    ),
    "a field inside lists is gone": (
        (CONNECTOR, PICK, PICK),
        (CONNECTOR, PICK, PICK.replace("personId, ", "")),
        (LIST, "breaking", "the answer no longer has people.person_id"),
    ),
    "no schema is published": (
        (CONNECTOR, "output: strict", "output: strict"),
        (CONNECTOR, "output: strict", "output: 'off'"),
        ("get_person", "breaking", "the answer has no schema any more"),
    ),
}


def changes_after(project: Path, change: tuple[str, str, str]) -> list[dict[str, str]]:
    drift(project, "outputs", *change)
    return told(run(project, "diff", "outputs", "--json"))["changes"]


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("edit", PUBLISHED.values(), ids=PUBLISHED)
def test_diff_reads_a_published_answer_as_its_readers_do(
    tmp_path: Path,
    edit: tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]],
) -> None:
    (file, old, new), change, expected = edit
    project = case_project("outputs", tmp_path)
    replace(project / file.format(case="outputs"), old, new)

    found = changes_after(project, change)

    assert found.count({"tool": expected[0], "severity": expected[1], "message": expected[2]}) == 1
