"""Whether a failed attempt is made again, and when. Pure; the client waits and sends."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from treenail_runtime.clock import Clock, Stopwatch, monotonic, utc_now
from treenail_runtime.contract import Endpoint, Retries
from treenail_runtime.retry_after import told_s

from .exchange import AnswerError, Outcome, WholeResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where time and chance come from.

    Attributes:
        jitter: A number from 0 to 1.
    """

    stopwatch: Stopwatch = monotonic
    now: Clock = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random


def pause_before_retry(
    failure: Outcome, attempt: int, endpoint: Endpoint, retries: Retries, timing: Timing
) -> float | None:
    """Seconds to wait before the next attempt; None when there must be none.

    `attempt` is the number of the one that failed, from 1.
    """
    if attempt > retries.most or not _may_be_repeated(failure, endpoint, retries):
        return None
    backoff = retries.pause_s * 2 ** (attempt - 1) * (0.5 + timing.jitter())
    return max(backoff, retry_after_s(failure, timing.now) or 0.0)


def _may_be_repeated(failure: Outcome, endpoint: Endpoint, retries: Retries) -> bool:
    match failure:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return True  # nothing was sent
        case _ if not endpoint.repeatable:
            return False
        case WholeResponse():
            return failure.status_code in retries.statuses
        case AnswerError():
            return failure.fault == "cut short"
        case httpx.NetworkError() | httpx.TimeoutException():
            return True
        case _:
            return False


def retry_after_s(failure: Outcome, now: Clock) -> float | None:
    """Seconds that the upstream asks to wait (RFC 9110 10.2.3); None when it does not say."""
    if not isinstance(failure, WholeResponse):
        return None
    return told_s(failure.headers, now)
