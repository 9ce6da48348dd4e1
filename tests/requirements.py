"""Every rule that this project follows and somebody else, or the project itself, decided.

A test carries the ids of the rules it proves: `@pytest.mark.requirement("RS-16")`. A rule without a
test fails `test_requirements.py`, unless it tells why no test can prove it, and so does an id that
is not here.

Ids: S0-S4 are features of the five systems the product grew from; AS and RS are the MCP
authorization rules for the two roles of this server, T and V adversarial cases and published
vulnerabilities; the others are named for what they are about.
"""

from typing import Final

from tests.rules import (
    administration,
    adversarial,
    advisories,
    authorization,
    changes,
    connectors,
    curation,
    documents,
    operators,
    product,
    proxying,
    registry,
    reusing,
    schemas,
    seeds,
    shaping,
    streams,
    tenants,
    upstream,
    wire,
)
from tests.rules.requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    **product.REQUIREMENTS,
    **proxying.REQUIREMENTS,
    **administration.REQUIREMENTS,
    **seeds.REQUIREMENTS,
    **authorization.REQUIREMENTS,
    **adversarial.REQUIREMENTS,
    **advisories.REQUIREMENTS,
    **documents.REQUIREMENTS,
    **operators.REQUIREMENTS,
    **wire.REQUIREMENTS,
    **schemas.REQUIREMENTS,
    **shaping.REQUIREMENTS,
    **curation.REQUIREMENTS,
    **changes.REQUIREMENTS,
    **connectors.REQUIREMENTS,
    **upstream.REQUIREMENTS,
    **tenants.REQUIREMENTS,
    **registry.REQUIREMENTS,
    **streams.REQUIREMENTS,
    **reusing.REQUIREMENTS,
}
