import pytest

from treenail_runtime.edge.callers import CallerRule
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


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize(
    "url", ["http://mock.test/api", "https://user:pw@api.test", "http://10.0.0.1"]
)
def test_an_upstream_url_that_would_show_credentials_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="TREENAIL_UPSTREAM_URL"):
        read_settings(upstream_url=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8791/api", "http://[::1]:1", "https://api.test"])
def test_an_upstream_url_over_tls_or_on_loopback_is_taken(url: str) -> None:
    assert read_settings(upstream_url=url).upstream_url == url


@pytest.mark.parametrize(
    "url",
    ["https://auth.example.test", "http://10.0.0.1:9", "http://127.0.0.1:9/oauth2", "127.0.0.1:9"],
)
def test_a_provider_url_is_a_place_on_this_machine(url: str) -> None:
    with pytest.raises(ConfigurationError, match="TREENAIL_PROVIDER_URL") as caught:
        read_settings(provider_url=url)

    assert url not in str(caught.value)
    assert read_settings(provider_url="http://127.0.0.1:9/").provider_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:notaport",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:",
        "https://api.test:8o80/path",
        "http://[::1",
        "http://[zz]:80",
        "http://[::1]x:80",
        "https://:443",
        "https://-",
        "https://a b",
        "https://a%41.test",
        "https://a\\b",
    ],
)
def test_an_upstream_url_that_leads_nowhere_is_refused_without_its_text(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(upstream_url=url)

    (problem,) = caught.value.problems
    assert problem.startswith("TREENAIL_UPSTREAM_URL: ")
    assert url not in problem
    assert "notaport" not in problem


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "*.example",
        "https://shop.example",
        "shop.example/",
        "shop.example:",
        "::1",
        "a:0",
        "a:x",
        "a:65536",
        "a@b",
        "a.example.",
        "a b",
    ],
)
def test_a_host_that_no_request_can_name_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TREENAIL_ALLOWED_HOSTS: .*entry 2"):
        read_settings(allowed_hosts=f"localhost,{host}")


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "agent.example",
        "https://",
        "https://*.example",
        "https://agent.example/",
        "null",
        "https://agent.example:99999",
        "https://user@agent.example",
        "://agent.example",
    ],
)
def test_an_origin_that_no_browser_writes_is_refused(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TREENAIL_ALLOWED_ORIGINS: .*entry 1"):
        read_settings(allowed_origins=origin)


def test_hosts_and_origins_are_taken_in_lower_case() -> None:
    settings = read_settings(
        allowed_hosts="Shop.Example, shop.example:443,shop.example:*,[::1]:80,my_service:8080",
        allowed_origins="HTTPS://Agent.Example,http://a:*,vscode-webview://ab12",
    )

    assert settings.allowed_hosts == (
        "shop.example",
        "shop.example:443",
        "shop.example:*",
        "[::1]:80",
        "my_service:8080",
    )
    assert settings.allowed_origins == (
        "https://agent.example",
        "http://a:*",
        "vscode-webview://ab12",
    )


@pytest.mark.requirement("T-069")
def test_proxies_are_networks_or_loopback() -> None:
    settings = read_settings(trusted_proxies="loopback, 10.0.0.0/8,192.0.2.7")

    assert settings.trusted_proxies == ("loopback", "10.0.0.0/8", "192.0.2.7")
    assert [str(each) for each in CallerRule(settings.trusted_proxies).trusted] == [
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "192.0.2.7/32",
    ]
    for wrong in ("loopback,proxy.example", "10.0.0.0/8,10.0.0.1/8", "10.0.0.0/8,Loopback"):
        with pytest.raises(ConfigurationError, match=r"TRUSTED_PROXIES: .*entry 2.* or loopback"):
            read_settings(trusted_proxies=wrong)
    with pytest.raises(ConfigurationError, match=r"DOCUMENT_NETWORKS: .*entry 1"):
        read_settings(client_document_networks="loopback")


def test_a_body_is_never_larger_than_64_mebibytes() -> None:
    assert read_settings(max_body_bytes=64 << 20).max_body_bytes == 64 << 20
    with pytest.raises(ConfigurationError, match="TREENAIL_MAX_BODY_BYTES"):
        read_settings(max_body_bytes=(64 << 20) + 1)


def test_a_misspelt_variable_is_told_with_the_others_and_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TREENAIL_ALLOWED_HOST", "s3cr3t-canary")
    monkeypatch.setenv("treenail_loglevel", "debug")
    monkeypatch.setenv("TREENAIL_EMPTY", "")
    monkeypatch.setenv("TREENAIL_WORKERS", "0")

    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    unknown, spelt, wrong = caught.value.problems
    assert (
        unknown == "TREENAIL_ALLOWED_HOST: no such setting; the nearest is TREENAIL_ALLOWED_HOSTS"
    )
    assert spelt == "treenail_loglevel: no such setting; the nearest is TREENAIL_LOG_LEVEL"
    assert wrong.startswith("TREENAIL_WORKERS: ")


def test_a_variable_counts_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("treenail_port", "9000")

    assert read_settings().port == 9000
