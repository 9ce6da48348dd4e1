"""Rate limits: how often who may do what."""

from .by_instance import InstanceLimits, Limits
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
    "InstanceLimits",
    "KeyMac",
    "LimitRule",
    "LimitRules",
    "LimitRulesError",
    "Limiter",
    "Limits",
    "RedisCounter",
    "SharedCounter",
    "SqlCounter",
    "Verdict",
]
