import pytest

from treenail_runtime.settings import ConfigurationError, Settings, read_settings


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREENAIL_PORT", "9000")
    monkeypatch.setenv("TREENAIL_CONNECTORS", "phorest, wikipedia,")
    monkeypatch.setenv("TREENAIL_HOST", "")

    settings = read_settings(port=9001, host=None)

    assert settings.port == 9001
    assert settings.connectors == ("phorest", "wikipedia")
    assert settings.host == "127.0.0.1"


def test_every_wrong_setting_is_told_by_its_variable_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TREENAIL_PORT", "s3cr3t-canary")
    monkeypatch.setenv("TREENAIL_FRAMING", "s3cr3t-canary")
    monkeypatch.setenv("TREENAIL_UPSTREAM_URL", "s3cr3t-canary")

    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "TREENAIL_PORT",
        "TREENAIL_FRAMING",
        "TREENAIL_UPSTREAM_URL",
    ]
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_addresses_are_recognised(host: str) -> None:
    assert Settings(host=host).is_loopback


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "example.test", ""],  # noqa: S104  # refused
)
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not Settings(host=host).is_loopback


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # pyright: ignore[reportAttributeAccessIssue]  # what is tested


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TREENAIL_PROT"):
        read_settings(prot=1)
