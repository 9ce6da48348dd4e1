"""How instances count, each for itself, and what they count together."""

from dataclasses import replace
from hashlib import sha256

import pytest
import structlog

from tests.support.families import instance
from treenail_runtime.auth.records import Instance, InstanceSettings
from treenail_runtime.limits import Bucket, Limiter, LimitRule, LimitRules, LimitRulesError
from treenail_runtime.limits.by_instance import ADDED_UP
from treenail_runtime.limits.rules import OF_INSTANCES
from treenail_runtime.limits.shared import SqlCounter
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.rate_buckets import RateBucketStore

ADDRESS = "203.0.113.77"
NORTH, SOUTH = instance("north"), instance("south")


def mac(bucket: str, key: str) -> bytes:
    return sha256(f"{bucket} {key}".encode()).digest()


async def hits(limiter: Limiter, at: Instance, bucket: Bucket, count: int) -> list[bool]:
    return [(await limiter.at(at).hit(bucket, ADDRESS)).allowed for _ in range(count)]


@pytest.mark.requirement("OWN-LIMITS")
@pytest.mark.parametrize("bucket", sorted(OF_INSTANCES))
async def test_what_is_used_up_at_one_instance_is_there_at_another(bucket: Bucket) -> None:
    limiter = Limiter(LimitRules({bucket: LimitRule(2, 60)}))

    assert await hits(limiter, NORTH, bucket, 3) == [True, True, False]
    assert await hits(limiter, SOUTH, bucket, 3) == [True, True, False]


@pytest.mark.requirement("OWN-LIMITS")
@pytest.mark.parametrize("bucket", ["login_account", "register", "documents", "revoke"])
async def test_what_there_is_only_once_is_counted_at_all_instances_together(
    bucket: Bucket,
) -> None:
    limiter = Limiter(LimitRules({bucket: LimitRule(2, 60)}))

    assert await hits(limiter, NORTH, bucket, 1) == [True]
    assert await hits(limiter, SOUTH, bucket, 2) == [True, False]
    assert not (await limiter.hit(bucket, ADDRESS)).allowed


@pytest.mark.requirement("OWN-LIMITS")
@pytest.mark.parametrize("bucket", sorted(ADDED_UP))
async def test_a_thousand_instances_give_an_address_ten_times_as_many_attempts(
    bucket: Bucket,
) -> None:
    limiter = Limiter(LimitRules({bucket: LimitRule(2, 60)}))
    generous = [
        replace(instance(f"i{number}"), own=InstanceSettings(limits={bucket: "9/1m"}))
        for number in range(1000)
    ]
    told = [allowed for each in generous for allowed in await hits(limiter, each, bucket, 1)]
    elsewhere = await limiter.at(generous[0]).hit(bucket, "198.51.100.7")

    assert told == [True] * 20 + [False] * 980
    assert elsewhere.allowed


@pytest.mark.requirement("OWN-LIMITS")
async def test_workers_count_an_instance_together(database: Database) -> None:
    rules = LimitRules({"login": LimitRule(2, 60)})
    here, there = (Limiter(rules, SqlCounter(RateBucketStore(database), mac)) for _ in range(2))

    assert await hits(here, NORTH, "login", 2) == [True, True]
    assert await hits(there, NORTH, "login", 1) == [False]
    assert await hits(there, SOUTH, "login", 1) == [True]


@pytest.mark.requirement("OWN-LIMITS")
def test_what_an_instance_cannot_have_of_its_own_is_told_all_at_once() -> None:
    with pytest.raises(LimitRulesError) as refused:
        LimitRules().of_instance({"login": "x", "register": "1/m", "mcp": "5/1h"})

    told = "; ".join(refused.value.problems)
    assert "login: write a number" in told
    assert "'register' is no limit" in told


@pytest.mark.requirement("OWN-LIMITS")
async def test_limits_that_cannot_be_read_leave_the_servers_in_force() -> None:
    limiter = Limiter(LimitRules({"login": LimitRule(2, 60)}))
    odd = replace(
        NORTH, own=InstanceSettings(limits={"login": "100/1m", "of another version": "1/1m"})
    )
    with structlog.testing.capture_logs() as logs:
        told = await hits(limiter, odd, "login", 3)

    assert told == [True, True, False]
    assert {each["event"] for each in logs} == {"limits.unreadable"}
