"""Where the document has no body for a success, none is missed."""

import pytest

from tests.generator.lint.small import build_small

TOOLS = "- {operation: lookUp, name: look_up, title: Look up, description: Looks it up.}"
JSON = "content: {application/json: {schema: {type: object}}}"


@pytest.mark.parametrize(
    ("method", "responses", "may_be_empty"),
    [
        ("head", f"'200': {{description: Done., {JSON}}}", True),
        ("get", "'200': {description: Done.}", True),
        ("get", f"'200': {{description: Done., {JSON}}}", False),
        ("get", f"'200': {{description: Done., {JSON}}}, '204': {{description: None.}}", False),
    ],
)
def test_a_read_may_be_empty_where_no_body_is_documented(
    method: str, responses: str, *, may_be_empty: bool
) -> None:
    paths = f"""
        /things:
          {method}:
            operationId: lookUp
            responses: {{{responses}}}
    """

    module = build_small(TOOLS, paths=paths).module

    assert ("may_be_empty=True" in module) == may_be_empty
