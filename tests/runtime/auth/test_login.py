"""What was typed: judged by field, byte for byte, with secrets apart."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr

from treenail_runtime.auth.consent import shown_name
from treenail_runtime.auth.login import accounts_of, fault_of, make_config, read_typed
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.contract import Choices, JsonObject, LoginField, ToolContext

EMAIL = LoginField(name="email", label="E-mail", kind="email")
PASSWORD = LoginField(name="password", label="Password", kind="password", secret=True)
REGION = LoginField(name="region", label="Region", kind="select", options={"eu": "Europe"})
SHOP = LoginField(name="shop", label="Shop", required=False, pattern="[a-z]+")
USER = LoginField(name="user", label="User name")


async def nothing(_: ToolContext) -> JsonObject:
    return {}


PICKED = LoginField(
    name="branch",
    label="Branch",
    kind="select",
    choices=Choices(run=nothing, items="items", value="id", label="name"),
)


@pytest.mark.requirement("T-067")
@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        (EMAIL, "", "missing"),
        (SHOP, "", None),
        (PASSWORD, " x ", None),
        (PASSWORD, "p" * 4096, None),
        (PASSWORD, "p" * 4097, "long"),
        (PASSWORD, "\N{KEY}" * 1024, None),
        (PASSWORD, "\N{KEY}" * 1025, "long"),
        (PASSWORD, "\ud800", None),
        (PASSWORD, "a\0b", "control"),
        (PASSWORD, "a\rb", "control"),
        (PASSWORD, "a\n", "control"),
        (REGION, "eu", None),
        (REGION, "us", "unlisted"),
        (PICKED, "anything", "unlisted"),
        (replace(PICKED, required=False), "anything", "unlisted"),
        (replace(PICKED, required=False), "", None),
        (replace(PICKED, options={"b1": "High Street"}), "b1", None),
        (replace(PICKED, options={"b1": "High Street"}), "b2", "unlisted"),
        (SHOP, "abc", None),
        (SHOP, "abc\n", "mismatch"),
        (SHOP, "a b", "mismatch"),
    ],
)
def test_a_value_is_judged_by_its_field(field: LoginField, value: str, fault: str | None) -> None:
    assert fault_of(field, value) == fault


def test_what_is_allowed_is_kept_and_the_rest_is_told() -> None:
    typed = read_typed(
        [EMAIL, PASSWORD, REGION, SHOP],
        {"email": "a@b", "password": " x ", "region": "mars", "other": "y"},
    )

    assert {name: value.get_secret_value() for name, value in typed.values.items()} == {
        "email": "a@b",
        "password": " x ",
    }
    assert typed.faults == {"region": "unlisted"}
    assert "a@b" not in repr(typed)


@pytest.mark.requirement("NO-SECRETS")
def test_secrets_are_kept_apart_and_never_shown() -> None:
    config = make_config(
        "sample",
        [EMAIL, PASSWORD],
        {"email": SecretStr("a@b"), "password": SecretStr("hunter2"), "left": SecretStr("over")},
    )

    assert config.values == {"email": "a@b"}
    assert config.secrets == {"password": SecretStr("hunter2")}
    assert "hunter2" not in repr(config)
    assert "hunter2" not in repr(accounts_of([EMAIL, PASSWORD], config))


@pytest.mark.requirement("T-069")
def test_an_account_is_one_however_it_is_spelled() -> None:
    def account(email: str, connector: str = "sample") -> Sequence[str]:
        return accounts_of(
            [EMAIL, PASSWORD],
            ConnectionConfig(connector=connector, values={"email": email}, secrets={}),
        )

    assert account("Ann@example.test ") == account("ann@example.test")
    assert account("ann@example.test") != account("bob@example.test")
    assert account("ann@example.test") != account("ann@example.test", connector="other")


@pytest.mark.requirement("T-069")
@pytest.mark.parametrize(
    ("fields", "varied"),
    [
        ([SHOP, EMAIL, REGION], ["shop", "region"]),
        ([USER, SHOP, REGION], ["shop", "region"]),
        ([REGION, USER, SHOP], ["shop", "region"]),
    ],
)
def test_an_account_is_one_whatever_stands_beside_its_name(
    fields: Sequence[LoginField], varied: Sequence[str]
) -> None:
    values = {field.name: "x" for field in fields}

    keys = {
        accounts_of(
            fields,
            ConnectionConfig(connector="sample", values={**values, name: other}, secrets={}),
        )[0]
        for name in varied
        for other in "xyz"
    }

    assert len(keys) == 1


@pytest.mark.requirement("T-069")
@pytest.mark.parametrize(
    ("fields", "values", "count"),
    [
        ([EMAIL], {"email": "a@b"}, 1),
        ([EMAIL, REGION], {"email": "a@b", "region": "eu"}, 2),
        ([EMAIL, USER], {"user": "ann"}, 1),
        ([REGION], {"region": "eu"}, 1),
        ([PASSWORD], {}, 1),
    ],
)
def test_a_login_counts_once_for_each_thing_it_names(
    fields: Sequence[LoginField], values: dict[str, str], count: int
) -> None:
    keys = accounts_of(fields, ConnectionConfig(connector="sample", values=values, secrets={}))

    assert len(keys) == len(set(keys)) == count


@pytest.mark.requirement("T-041")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Claude", "Claude"),
        (" Two \n  lines\t", "Two lines"),
        ("\u202egnp.exe\u2066\u200b\ufeff", "gnp.exe"),
        ("\u200b\u2028\0", ""),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "\u2026"),
        ("<b>", "<b>"),
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}", "\N{WOMAN}\N{PERSONAL COMPUTER}"),
    ],
)
def test_a_name_fits_into_a_sentence(name: str, shown: str) -> None:
    assert shown_name(name) == shown
