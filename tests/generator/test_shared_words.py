"""What generator and runtime both have to know, and neither may import from the other."""

from treenail_generator import formats, media_types
from treenail_generator.naming import CONTRACT_NAMES
from treenail_generator.planning import reserved, scopes
from treenail_generator.render import CONTRACT_VERSION
from treenail_runtime import contract
from treenail_runtime.contract import formats as contract_formats
from treenail_runtime.contract import media_types as contract_types


def test_both_refuse_the_same_names_of_connectors() -> None:
    assert reserved.RESERVED_NAMES == contract.RESERVED_NAMES


def test_both_know_the_same_scopes() -> None:
    assert scopes.RESERVED_SCOPES == contract.RESERVED_SCOPES
    assert (scopes.READ_SCOPE, scopes.CALL_SCOPE) == (contract.READ_SCOPE, contract.CALL_SCOPE)


def test_both_know_the_same_media_types() -> None:
    assert media_types.LINES == contract_types.LINES
    assert media_types.TEXTS == contract_types.TEXTS


def test_both_know_the_same_formats() -> None:
    schema = {"type": "string", "format": "time"}
    for text in ("09:30:00", "09:30:00Z", "09:30:60.5+01:00", "9:30", "24:00:00", "09:30:00+1"):
        known = formats.validator_of(schema).is_valid(text)
        assert known == contract_formats.validator(schema).is_valid(text)


def test_what_a_module_imports_is_in_the_contract_of_its_version() -> None:
    assert set(CONTRACT_NAMES) <= set(contract.__all__)
    assert CONTRACT_VERSION == contract.CONTRACT_VERSION
