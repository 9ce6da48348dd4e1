"""Which addresses a stranger's URL may lead to."""

from ipaddress import ip_network

import pytest

from treenail_runtime.documents.addresses import is_admitted

REFUSED = [
    # IPv4
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"),  # noqa: S104  # an address to refuse
    *("127.0.0.1", "127.255.255.255", "169.254.169.254", "169.254.0.1", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1"),
    *("192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.1", "255.255.255.255"),
    # IPv6 that is not global unicast
    *("::", "::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "feff::1"),
    *("ff02::1", "ff0e::1", "5f00::1", "4000::1", "e000::1", "0:0:0:1::1"),
    # IPv4 in IPv6
    *("::ffff:169.254.169.254", "::ffff:8.8.8.8", "::169.254.169.254", "::8.8.8.8"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"),
    *("64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1", "2002:808:808::1"),
    *("2001::1", "2001:0:a9fe:a9fe::5601:5601", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:1ff::1", "2a00:1450::5efe:a9fe:a9fe", "2a00:1450::200:5efe:a9fe:a9fe"),
    # documentation and past experiments
    *("2001:db8::1", "3fff::1", "3fff:fff::1", "3ffe::1", "2620:4f:8000::1"),
    # no addresses, or with a zone
    *("", "localhost", "127.1", "2130706433", "fe80::1%eth0", "2a00:1450::1%1", "[::1]"),
]


@pytest.mark.parametrize("address", REFUSED)
@pytest.mark.requirement("AS-20", "T-031", "T-032", "V-12")
def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not is_admitted(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "2a00:1450:4001:800::200e",
        "2606:4700::6810:84e5",
        "2001:4860:4860::8888",
        "64:ff9b::808:808",
    ],
)
def test_the_public_internet_is_admitted(address: str) -> None:
    assert is_admitted(address)


def test_the_operator_may_admit_networks_of_his_own() -> None:
    networks = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")]

    assert is_admitted("10.1.2.3", networks)
    assert is_admitted("fd00:1::5", networks)
    assert not is_admitted("10.2.0.1", networks)
    assert not is_admitted("::ffff:10.1.2.3", networks)
