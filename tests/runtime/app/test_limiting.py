"""Which counter a server uses."""

from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.authorizing import SECRET
from treenail_runtime.app.limiting import make_limiter
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.limits import Limiter
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.database import Database


def started(database: Database, **settings: Any) -> Limiter:
    """The limiter of a server that has just started."""
    macs = Macs(KeyRing.from_settings(SecretStr(SECRET), None))
    return make_limiter(Settings(**settings), database, macs)


@pytest.mark.requirement("T-145")
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_restart_gives_nobody_five_more_logins(database: Database, workers: int) -> None:
    before, after = started(database, workers=workers), started(database, workers=workers)

    told = [(await before.hit("login", "203.0.113.9")).allowed for _ in range(5)]
    told.append((await after.hit("login", "203.0.113.9")).allowed)

    assert told == [True] * 5 + [False]


@pytest.mark.requirement("T-145")
async def test_redis_goes_before_the_database(database: Database, redis_url: str) -> None:
    with_redis = [started(database, redis_url=redis_url) for _ in range(2)]
    for _ in range(3):
        await with_redis[0].hit("login", "203.0.113.9")

    assert (await with_redis[1].hit("login", "203.0.113.9")).remaining == 1
    assert (await started(database).hit("login", "203.0.113.9")).remaining == 4
    for each in with_redis:
        await each.aclose()


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"rate_limits": "logn=1/m"}, "login"), ({"redis_url": "http://x"}, "TREENAIL_REDIS_URL")],
)
def test_what_names_no_counter_is_told(settings: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        started(Database("sqlite://"), **settings)
