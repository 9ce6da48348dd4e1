"""Starting and stopping the mock, and what two of them have in common."""

import socket

import httpx

from tests.support.mock_upstream import CREDENTIALS, ROOT, MockUpstream
from treenail_generator.document import read_document

BUSINESS = "/api/business/b1"
PERSON = {"firstName": "Zoe", "lastName": "Quill"}


def everything(seed: int) -> dict[str, bytes]:
    """The bytes of every read, of a write and of an error."""
    spec = (ROOT / "specs" / "phorest.yaml").read_text(encoding="utf-8")
    found: dict[str, bytes] = {}
    with (
        MockUpstream(seed=seed) as upstream,
        httpx.Client(base_url=upstream.url, auth=CREDENTIALS, trust_env=False) as http,
    ):
        for operation in read_document(spec, "phorest.yaml").operations:
            if operation.method == "GET":
                path = operation.path
                for each in operation.parameters:
                    if each.place == "path":
                        path = path.replace(f"{{{each.name}}}", str(each.examples[0]))
                found[operation.key] = http.get(path).content
        found["write"] = http.post(f"{BUSINESS}/client", json=PERSON).content
        found["error"] = http.get(f"{BUSINESS}/client/nobody").content
    return found


def test_same_seed_gives_the_same_bytes() -> None:
    first, second, other = everything(3), everything(3), everything(4)

    assert first == second
    assert first["getClients"] != other["getClients"]
    assert first["write"] != other["write"]


def test_it_says_where_it_is_and_stops_when_told() -> None:
    with MockUpstream() as upstream:
        assert upstream.url == f"{upstream.origin}/third-party-api-server"
        assert upstream.origin.startswith("http://127.0.0.1:")
        with httpx.Client(trust_env=False) as http:  # keeps its connection open
            http.get(f"{upstream.origin}/__mock__/health")
            assert upstream.stop() == (0, "")
        assert upstream.access_log() == ""


def test_it_stops_at_once_while_somebody_waits() -> None:
    with MockUpstream() as upstream:
        port = int(upstream.origin.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.sendall(b"GET /third-party-api-server/api/business/b1/branch HTTP/1.1\r\n")
            assert upstream.stop()[0] == 0
