"""What generator and runtime both have to know, and neither may import from the other."""

from treenail_generator.naming import CONTRACT_NAMES
from treenail_generator.planning import reserved, scopes
from treenail_generator.render import CONTRACT_VERSION
from treenail_runtime import contract


def test_both_refuse_the_same_names_of_connectors() -> None:
    assert reserved.RESERVED_NAMES == contract.RESERVED_NAMES


def test_both_know_the_same_scopes() -> None:
    assert scopes.RESERVED_SCOPES == contract.RESERVED_SCOPES
    assert (scopes.READ_SCOPE, scopes.CALL_SCOPE) == (contract.READ_SCOPE, contract.CALL_SCOPE)


def test_what_a_module_imports_is_in_the_contract_of_its_version() -> None:
    assert set(CONTRACT_NAMES) <= set(contract.__all__)
    assert CONTRACT_VERSION == contract.CONTRACT_VERSION
