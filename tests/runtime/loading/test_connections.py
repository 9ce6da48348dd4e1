"""Credentials from the environment: checked like the login form, told without a value."""

from dataclasses import replace

import pytest

from tests.support.authorizing import PICKING
from tests.support.commands import ENVIRONMENT
from tests.support.sample import CONNECTOR
from tests.support.serving import CANARY
from treenail_runtime.loading import connection_from_environment
from treenail_runtime.settings import ConfigurationError


def problems(**changes: str) -> list[str]:
    environment = {name: value for name, value in {**ENVIRONMENT, **changes}.items() if value}
    with pytest.raises(ConfigurationError) as caught:
        connection_from_environment(CONNECTOR, environment)
    assert CANARY not in str(caught.value)
    return list(caught.value.problems)


def test_secrets_and_values_are_kept_apart() -> None:
    connection = connection_from_environment(
        CONNECTOR, {**ENVIRONMENT, "SAMPLE_REGION": "us", "SAMPLE_SHOP_ID": "s-1"}
    )

    assert connection.values == {"email": "ann@example.test", "region": "us", "shop_id": "s-1"}
    assert connection.secrets["password"].get_secret_value() == CANARY
    assert connection.server_url == "http://us.sample.invalid/v1"
    assert CANARY not in repr(connection)


def test_without_a_region_the_default_server_is_used() -> None:
    connection = connection_from_environment(CONNECTOR, ENVIRONMENT)

    assert connection.server_url == "http://eu.sample.invalid/v1"


def test_another_upstream_takes_the_place_of_every_server() -> None:
    connection = connection_from_environment(
        CONNECTOR, ENVIRONMENT, upstream_url="http://127.0.0.1:9/mock/"
    )

    assert connection.server_url == "http://127.0.0.1:9/mock"


@pytest.mark.requirement("NO-SECRETS")
def test_everything_that_is_wrong_is_told_at_once_by_variable() -> None:
    assert problems(
        SAMPLE_EMAIL="", SAMPLE_PASSWORD="", SAMPLE_REGION="mars", SAMPLE_SHOP_ID="a b"
    ) == [
        "SAMPLE_EMAIL: is not set (E-mail)",
        "SAMPLE_PASSWORD: is not set (Password)",
        "SAMPLE_REGION: must be one of eu, us (Region)",
        "SAMPLE_SHOP_ID: does not match [A-Za-z0-9_-]+ (Shop)",
    ]


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"{CANARY}\r\nX: 1", f"a\0{CANARY}"])
def test_a_value_stays_on_one_line(value: str) -> None:
    assert problems(SAMPLE_PASSWORD=value) == ["SAMPLE_PASSWORD: holds a line break (Password)"]


def test_a_pattern_is_about_the_whole_value() -> None:
    assert problems(SAMPLE_SHOP_ID="s-1\n") == [
        "SAMPLE_SHOP_ID: does not match [A-Za-z0-9_-]+ (Shop)"
    ]


def test_a_region_without_a_server_is_told() -> None:
    elsewhere = {"us": CONNECTOR.servers["us"]}
    with pytest.raises(ConfigurationError, match="no server for region 'eu'"):
        connection_from_environment(replace(CONNECTOR, servers=elsewhere), ENVIRONMENT)


def test_a_value_that_a_person_would_choose_is_taken_as_it_is() -> None:
    connection = connection_from_environment(
        PICKING, {**ENVIRONMENT, "SAMPLE_SHOP_ID": "shop-7"}, upstream_url="http://127.0.0.1:9"
    )

    assert connection.values["shop_id"] == "shop-7"
