"""What must not be served is refused before anything listens, all reasons at once."""

import base64
import secrets
from typing import Any

import pytest

from treenail_runtime.app.servable import check_servable
from treenail_runtime.settings import ConfigurationError, Settings, read_settings

KEYS = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
GOOD: dict[str, Any] = {
    "base_url": "https://mcp.example.com",
    "host": "0.0.0.0",  # noqa: S104  # what a container listens at
    "auth_secrets": KEYS,
    "database_url": "postgresql://treenail@db/treenail",
    "workers": 2,
}


def problems(**changes: Any) -> tuple[str, ...]:
    try:
        check_servable(Settings(**{**GOOD, **changes}))
    except ConfigurationError as error:
        return error.problems
    return ()


def test_a_server_for_the_public_may_start() -> None:
    assert problems() == ()


@pytest.mark.requirement("T-157", "AS-11", "S0-36", "X-08")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "http://127.0.0.1:8750", "production": True}, "https:// in production"),
        ({"base_url": None, "host": "127.0.0.1", "production": True}, "https:// in production"),
        ({"log_level": "debug"}, "TREENAIL_LOG_LEVEL=debug"),
        ({"database_url": "sqlite:///treenail.db"}, "several workers need PostgreSQL"),
        ({"auto_approve": ("notion",)}, "TREENAIL_AUTO_APPROVE"),
        ({"client_document_networks": ("10.0.0.0/8",)}, "TREENAIL_CLIENT_DOCUMENT_NETWORKS"),
        ({"no_auth": True, "host": "127.0.0.1"}, "--no-auth"),
    ],
)
def test_what_is_fit_for_a_trial_only_is_refused_in_production(
    changes: dict[str, Any], told: str
) -> None:
    assert any(told in problem for problem in problems(**changes))


@pytest.mark.requirement("T-157")
@pytest.mark.parametrize("hosts", ["*", "*.example.com", "example.com/path"])
def test_no_list_of_hosts_admits_every_host(hosts: str) -> None:
    with pytest.raises(ValueError, match="can match nothing"):
        Settings(allowed_hosts=hosts)  # pyright: ignore[reportArgumentType]  # as the environment gives it


@pytest.mark.requirement("S0-36", "AS-11")
@pytest.mark.parametrize(
    "url", ["http://mcp.example.com", "https://mcp.example.com/path", "ftp://a.test", "mcp.test"]
)
def test_a_base_url_is_an_https_origin(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Settings(base_url=url)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://MCP.example.com/", "https://mcp.example.com"),
        ("https://mcp.example.com:443", "https://mcp.example.com"),
        ("https://mcp.example.com:8443", "https://mcp.example.com:8443"),
        ("http://localhost:80/", "http://localhost"),
    ],
)
def test_a_base_url_is_read_as_browsers_write_origins(given: str, read: str) -> None:
    assert Settings(base_url=given).base_url == read


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"auth_secrets": None}, "treenail keys generate"),
        ({"base_url": None}, "BASE_URL is not set"),
        ({"registration": "token"}, "TREENAIL_REGISTRATION_TOKEN"),
        ({"refresh_idle_seconds": 7200, "refresh_absolute_seconds": 3600}, "is longer than"),
        ({"port": 0}, "several workers need a port"),
        ({"no_auth": True, "host": "127.0.0.1", "legacy_sessions": "bound"}, "bound to grants"),
        (
            {"no_auth": True, "host": "127.0.0.1", "cors_origins": ("https://a.test",)},
            "CORS_ORIGINS",
        ),
    ],
)
def test_every_gap_is_told_with_what_to_do(changes: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in problems(**changes))


def test_all_problems_are_told_at_once() -> None:
    found = problems(auth_secrets=None, base_url=None, port=0)

    assert len(found) == 3


@pytest.mark.requirement("S0-47", "S1-07", "S1-10", "S1-31", "S4-28")
def test_variables_that_platforms_set_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:

    for name, value in {
        "AUTH_SECRETS": KEYS,
        "AUTO_SEED_CLIENT_ID": "chatgpt",
        "AUTO_SEED_REDIRECT_URIS": "https://a.test/cb,https://b.test/cb",
        "BASE_URL": "https://mcp.example.com",
        "CLEANUP_INTERVAL_MINUTES": "5",
        "CORS_ORIGINS": "https://a.test",
        "DATABASE_URL": "postgres://u@h/d",
        "ENABLE_CLEANUP_JOB": "false",
        "MCP_ALLOWED_HOSTS": "mcp.example.com",
        "MCP_ALLOWED_ORIGINS": "https://a.test",
        "NODE_ENV": "production",
        "PORT": "9000",
        "TREENAIL_BASE_URL": "https://ours.example.com",
    }.items():
        monkeypatch.setenv(name, value)

    settings = read_settings()

    assert settings.base_url == "https://ours.example.com"
    assert (settings.port, settings.cleanup, settings.cleanup_seconds) == (9000, False, 300)
    assert settings.auto_seed_redirect_uris == ("https://a.test/cb", "https://b.test/cb")
    assert settings.is_production
    assert settings.database_url.get_secret_value() == "postgres://u@h/d"


def test_a_plain_variable_is_named_when_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("BASE_URL", "http://mcp.example.com")

    with pytest.raises(ConfigurationError, match=r"^BASE_URL: "):
        read_settings()
