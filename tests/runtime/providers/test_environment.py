import pytest
from pydantic import SecretStr

from treenail_runtime.providers import ProviderClient, client_from_environment
from treenail_runtime.settings import ConfigurationError

ID = "MY_API_OAUTH_CLIENT_ID"
SECRET = "MY_API_OAUTH_CLIENT_SECRET"  # noqa: S105  # a name


def test_the_variables_carry_the_name_of_the_connector() -> None:
    environment = {ID: "us", SECRET: "s3cret", "OTHER_OAUTH_CLIENT_ID": "them"}

    assert client_from_environment("my-api", environment) == ProviderClient(
        "us", SecretStr("s3cret")
    )
    assert client_from_environment("phorest", environment) is None


def test_without_a_secret_the_client_is_public() -> None:
    assert client_from_environment("my_api", {ID: "us", SECRET: ""}) == ProviderClient("us")


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({SECRET: "s3cret"}, ID),
        ({ID: "us", SECRET: "s3cret\n"}, SECRET),
        ({ID: "us", SECRET: "s3cret" * 1000}, SECRET),
        ({ID: "ключ", SECRET: "s3cret"}, ID),
    ],
)
def test_what_cannot_be_a_client_is_named_and_not_shown(
    environment: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        client_from_environment("my_api", environment)

    assert named in str(refused.value)
    assert "s3cret" not in str(refused.value)
