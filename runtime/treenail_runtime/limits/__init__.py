"""Rate limits: how often who may do what."""

from .counting import UNLIMITED, CounterUnavailableError, KeyMac, SharedCounter, Verdict
from .limiter import PER_WORKER, Limiter
from .rules import DEFAULTS, Bucket, LimitRule, LimitRules, LimitRulesError
from .shared import BucketStore, RedisCounter, SqlCounter

__all__ = [
    "DEFAULTS",
    "PER_WORKER",
    "UNLIMITED",
    "Bucket",
    "BucketStore",
    "CounterUnavailableError",
    "KeyMac",
    "LimitRule",
    "LimitRules",
    "LimitRulesError",
    "Limiter",
    "RedisCounter",
    "SharedCounter",
    "SqlCounter",
    "Verdict",
]
