"""Which counter the rate limits use: Redis, or the database."""

from treenail_runtime.crypto.macs import Macs
from treenail_runtime.limits import (
    Limiter,
    LimitRules,
    LimitRulesError,
    RedisCounter,
    SharedCounter,
    SqlCounter,
)
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.rate_buckets import RateBucketStore


def make_limiter(settings: Settings, database: Database, macs: Macs) -> Limiter:
    """The limiter of this worker.

    Raises:
        ConfigurationError: `rate_limits` or `redis_url` cannot be read.
    """
    try:
        rules = LimitRules.parsed(settings.rate_limits)
    except LimitRulesError as error:
        raise ConfigurationError(
            *(f"TREENAIL_RATE_LIMITS: {problem}" for problem in error.problems)
        ) from None
    return Limiter(rules, _shared(settings, database, macs))


def _shared(settings: Settings, database: Database, macs: Macs) -> SharedCounter:
    if settings.redis_url is not None:
        try:
            return RedisCounter(settings.redis_url.get_secret_value(), macs.key)
        except ValueError:
            raise ConfigurationError(
                "TREENAIL_REDIS_URL: write redis://host:6379/0 or rediss://..."
            ) from None
    return SqlCounter(RateBucketStore(database), macs.key)
