import ssl
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.loopback import loopback
from tests.support.upstreams import outgoing, sent
from treenail_runtime.clock import utc_now
from treenail_runtime.upstream import AiohttpTransport


@pytest.fixture(scope="module")
def tls_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1, and a server's context that uses it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.write_bytes(certificate.public_bytes(Encoding.PEM))
    private = authority.with_name("key.pem")
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority, private)
    return authority, server


async def test_an_untrusted_certificate_is_refused(tls_pair: tuple[Path, ssl.SSLContext]) -> None:
    authority, server = tls_pair
    async with loopback(tls=server) as site:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await sent(outgoing(site.url))
        async with AiohttpTransport(
            tls=ssl.create_default_context(cafile=str(authority))
        ) as transport:
            response = await transport.handle_async_request(outgoing(site.url))
    assert response.status_code == 200
    assert len(site.requests) == 1
