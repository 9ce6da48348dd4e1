"""Fetching documents: a real https server on loopback that has a name of its own."""

import asyncio
import gzip
import ssl
from collections.abc import Sequence

import pytest

from tests.support.client_site import Names
from tests.support.loopback import Loopback, Reply, loopback, reply
from treenail_runtime.auth.client_documents import (
    DocumentError,
    FetchedDocument,
    UnchangedDocument,
)
from treenail_runtime.documents import DocumentFetcher

JSON = "Content-Type: application/json"
DOCUMENT = reply(200, b'{"a":1}', JSON, 'ETag: "v1"', "Cache-Control: max-age=600")


def fetcher(
    tls: ssl.SSLContext | None,
    names: Names | None = None,
    networks: Sequence[str] = ("127.0.0.0/8",),
    seconds: float = 5.0,
) -> DocumentFetcher:
    return DocumentFetcher(
        allowed_networks=networks,
        resolve=names or Names(["127.0.0.1"]),
        tls=tls,
        seconds=seconds,
    )


def url_of(site: Loopback, host: str = "client.test") -> str:
    return f"https://{host}:{site.url.rpartition(':')[2]}/app.json"


async def refusal(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], answer: Reply, seconds: float = 5.0
) -> DocumentError:
    server, client = tls_pair
    async with loopback(answer, tls=server) as site:
        with pytest.raises(DocumentError) as caught:
            await fetcher(client, seconds=seconds).fetch(url_of(site))
        assert len(site.requests) == 1
    return caught.value


@pytest.mark.requirement("AS-15", "AS-20")
async def test_a_document_is_fetched_without_anything_of_ours(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    async with loopback(DOCUMENT, tls=server) as site:
        fetched = await fetcher(client).fetch(url_of(site))

    assert isinstance(fetched, FetchedDocument)
    assert fetched.body == b'{"a":1}'
    assert fetched.headers["cache-control"] == "max-age=600"
    (request,) = site.requests
    assert request.line == "GET /app.json HTTP/1.1"
    assert request.value("accept") == "application/json"
    assert request.value("accept-encoding") == "identity"
    assert request.value("user-agent") == "treenail"
    assert request.value("host") == url_of(site).split("/")[2]
    assert request.names.isdisjoint({"authorization", "cookie", "referer", "origin"})


@pytest.mark.requirement("AS-19")
async def test_a_document_that_did_not_change_is_not_sent_again(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    unchanged = Reply(b"HTTP/1.1 304 X\r\nCache-Control: max-age=900\r\n\r\n")
    async with loopback(unchanged, tls=server) as site:
        fetched = await fetcher(client).fetch(url_of(site), etag='"v1"')

    assert fetched == UnchangedDocument(headers={"cache-control": "max-age=900"})
    assert site.requests[0].value("if-none-match") == '"v1"'


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["::1"],
        ["64:ff9b::a9fe:a9fe"],
        ["2002:a9fe:a9fe::1"],
        ["8.8.8.8", "192.168.1.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["nonsense"],
    ],
)
@pytest.mark.requirement("AS-20", "T-031", "T-032", "T-033", "V-12")
async def test_one_address_that_is_not_public_refuses_the_name(addresses: list[str]) -> None:
    with pytest.raises(DocumentError, match="not public") as caught:
        await fetcher(None, Names(addresses), networks=()).fetch("https://client.test/a")
    assert caught.value.may_pass  # as for a name that does not exist


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[64:ff9b::a9fe:a9fe]"])
@pytest.mark.requirement("AS-20", "T-031", "T-032")
async def test_an_address_in_the_url_is_checked_without_a_look_up(host: str) -> None:
    names = Names(["8.8.8.8"])
    with pytest.raises(DocumentError, match="not public"):
        await fetcher(None, names, networks=("192.0.2.0/24",)).fetch(f"https://{host}/app.json")
    assert names.asked == []


@pytest.mark.parametrize(
    "place",
    ["client.test:8443", "client.test:80", "8.8.8.8", "8.8.8.8:443", "[2606:4700::1111]"],
)
@pytest.mark.requirement("AS-20", "T-031")
async def test_other_ports_and_plain_addresses_are_for_private_networks(place: str) -> None:
    names = Names(["8.8.8.8"])
    with pytest.raises(DocumentError, match="another port than 443, or an address") as caught:
        await fetcher(None, names, networks=()).fetch(f"https://{place}/app.json")
    assert not caught.value.may_pass
    assert names.asked == []


@pytest.mark.requirement("AS-20", "T-034")
async def test_the_connection_goes_to_the_address_that_was_checked(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with loopback(DOCUMENT, tls=server) as site:
        await fetcher(client, names, networks=("127.0.0.1/32",)).fetch(url_of(site))

    assert names.asked == ["client.test"]
    assert len(site.requests) == 1


@pytest.mark.requirement("AS-20")
async def test_a_name_without_an_address_may_have_one_later() -> None:
    with pytest.raises(DocumentError) as caught:
        await fetcher(None, Names([])).fetch("https://client.test/a")
    assert caught.value.may_pass


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.requirement("AS-20", "T-035")
async def test_a_redirect_is_not_followed(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], status: int
) -> None:
    answer = reply(status, b"", "Location: http://169.254.169.254/latest/meta-data")
    assert str(status) in str(await refusal(tls_pair, answer))


@pytest.mark.requirement("T-036")
async def test_proxies_of_the_environment_are_ignored(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = tls_pair
    async with loopback(reply(502)) as proxy, loopback(DOCUMENT, tls=server) as site:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        await fetcher(client).fetch(url_of(site))

    assert (len(proxy.requests), len(site.requests)) == (0, 1)


@pytest.mark.requirement("AS-20")
async def test_a_certificate_must_be_trusted_and_bear_the_name(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    async with loopback(DOCUMENT, tls=server) as site:
        for tls, host in ((None, "client.test"), (client, "other.test")):
            with pytest.raises(DocumentError, match="Certificate"):
                await fetcher(tls).fetch(url_of(site, host))
        assert site.requests == []


LARGE = b'"' + b"x" * 5119 + b'"'


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, LARGE, JSON),
        Reply(b"HTTP/1.1 200 X\r\n" + JSON.encode() + b"\r\n\r\n" + LARGE * 9, then="close"),
        Reply(
            b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n"
            + JSON.encode()
            + b"\r\n\r\n"
            + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 8,
            then="hang",
        ),
    ],
)
@pytest.mark.requirement("AS-20", "T-037")
async def test_a_document_that_is_too_large_is_cut(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], answer: Reply
) -> None:
    assert "larger than 5120" in str(await refusal(tls_pair, answer))


@pytest.mark.requirement("T-037")
async def test_exactly_five_kilobytes_are_read(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    async with loopback(reply(200, LARGE[:5120], JSON), tls=server) as site:
        fetched = await fetcher(client).fetch(url_of(site))
    assert isinstance(fetched, FetchedDocument)
    assert len(fetched.body) == 5120


BOMB = gzip.compress(b"x" * 1_000_000)


@pytest.mark.parametrize(
    ("answer", "reason", "may_pass"),
    [
        (reply(200, BOMB, JSON, "Content-Encoding: gzip"), "compressed", False),
        (reply(200, b"{}", JSON, "Content-Encoding: br"), "compressed", False),
        (reply(200, b"{}", "Content-Type: text/html"), "not application/json", False),
        (reply(200, b"{}", "Content-Type: application/json5"), "not application/json", False),
        (reply(200, b"{}"), "not application/json", False),
        (reply(404, b"{}", JSON), "status 404", False),
        (Reply(b"HTTP/1.1 304 X\r\n\r\n"), "status 304", False),
        (reply(429, b"{}", JSON), "status 429", True),
        (reply(500, b"{}", JSON), "status 500", True),
        (Reply(b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n", then="reset"), "cannot", True),
        (Reply(b"nonsense\r\n\r\n", then="close"), "cannot", True),
        (
            Reply(
                b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n" + JSON.encode() + b"\r\n\r\n{",
                then="close",
            ),
            "cannot",
            True,
        ),
    ],
)
@pytest.mark.requirement("AS-19", "AS-20", "T-037")
async def test_any_other_answer_is_told_by_its_kind(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], answer: Reply, reason: str, *, may_pass: bool
) -> None:
    error = await refusal(tls_pair, answer)
    assert reason in str(error)
    assert error.may_pass is may_pass


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n{"]
)
@pytest.mark.requirement("T-037")
async def test_a_site_that_takes_its_time_is_left(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext], data: bytes
) -> None:
    error = await refusal(tls_pair, Reply(data, then="hang"), seconds=0.3)
    assert "took too long" in str(error)
    assert error.may_pass


@pytest.mark.requirement("T-040", "T-148")
async def test_a_look_up_that_hangs_ends_with_the_rest() -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return [host, str(port)]

    slow = DocumentFetcher(resolve=hang, seconds=0.1)
    with pytest.raises(DocumentError, match="took too long"):
        await slow.fetch("https://client.test/a")


@pytest.mark.requirement("T-040")
async def test_many_who_want_one_document_fetch_it_once(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = tls_pair
    async with loopback(DOCUMENT, tls=server) as site:
        one = fetcher(client)
        tasks = [asyncio.create_task(one.fetch(url_of(site))) for _ in range(20)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        fetched = await asyncio.gather(*tasks[1:])

        assert len(site.requests) == 1
        assert len({id(each) for each in fetched}) == 1
        await one.fetch(url_of(site))
        assert len(site.requests) == 2


@pytest.mark.requirement("T-040")
async def test_a_flood_of_documents_is_refused_and_leaves_nothing_behind() -> None:
    asked: list[str] = []

    async def hang(host: str, port: int) -> Sequence[str]:
        asked.append(f"{host}:{port}")
        await asyncio.Event().wait()
        return []

    slow = DocumentFetcher(resolve=hang)
    tasks = [
        asyncio.create_task(slow.fetch(f"https://client.test/{number}")) for number in range(500)
    ]
    done, waiting = await asyncio.wait(tasks, timeout=0.2)

    assert (len(done), len(waiting), len(asked)) == (436, 64, 64)
    for task in done:
        assert isinstance(task.exception(), DocumentError)
    await slow.aclose()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("url", ["http://client.test/a", "https://client.test/", "file:///a"])
@pytest.mark.requirement("T-029")
async def test_nothing_but_a_documents_url_is_fetched(url: str) -> None:
    names = Names(["127.0.0.1"])
    with pytest.raises(DocumentError):
        await fetcher(None, names).fetch(url)
    assert names.asked == []
