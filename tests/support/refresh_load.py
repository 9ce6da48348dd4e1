"""Clients that refresh without pause, in parallel and with the same tokens, whatever happens.

By hand, with as much load as wanted: `python -m tests.support.refresh_load --help`.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp

from tests.support.deployment import Deployment, Pair, deployment, until
from tests.support.postgres import Postgres, running_postgres
from tests.support.wire import Answer

_PAUSE_SECONDS: Final = 0.05
"""Between two attempts that failed; a client in earnest waits for `Retry-After`."""

PATIENCE_SECONDS: Final = 120
"""For that many answers."""


@dataclass
class Tally:
    """What the clients were answered.

    Attributes:
        wrong: Answers that a fault that passes must not give.
        unavailable_s: The longest time between two answers with tokens.
    """

    answers: "Counter[str]" = field(default_factory=Counter[str])
    wrong: list[Answer] = field(default_factory=list[Answer])
    unavailable_s: float = 0.0
    last_success: float = field(default_factory=time.monotonic)

    def note(self, answer: Answer) -> Pair | None:
        """Count an answer; the tokens in it."""
        if answer.status == 200:
            now = time.monotonic()
            self.unavailable_s = max(self.unavailable_s, now - self.last_success)
            self.last_success = now
            self.answers["200"] += 1
            return Pair.of(answer)
        is_fault = (
            answer.status == 503
            and answer.json["error"] == "temporarily_unavailable"
            and int(answer.headers["retry-after"]) > 0
        )
        self.answers["503" if is_fault else "wrong"] += 1
        if not is_fault:
            self.wrong.append(answer)
        return None


Fault: TypeAlias = Callable[[Tally], Awaitable[None]]


@dataclass
class Family:
    """One login, whose client refreshes several times at once.

    Attributes:
        pair: What the client holds.
    """

    site: Deployment
    pair: Pair
    tally: Tally

    async def live(self, parallel: int, until: asyncio.Event) -> None:
        """Refresh in rounds: all attempts of a round present the same token."""
        while not until.is_set():
            asked = [self._attempt(self.pair.refresh) for _ in range(parallel)]
            pairs = [each for each in await asyncio.gather(*asked) if each is not None]
            assert all(each == pairs[0] for each in pairs), "two answers for one token"
            if pairs:
                self.pair = pairs[0]
            else:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _attempt(self, token: str) -> Pair | None:
        try:
            return self.tally.note(await self.site.refresh(token))
        except (aiohttp.ClientError, OSError):
            self.tally.answers["no answer"] += 1
            return None


@dataclass(frozen=True)
class Report:
    """What came of a load.

    Attributes:
        replays: Answers that were told once more.
        standing: Grants by status and active refresh tokens.
        usable: Clients that could refresh, and call, after it.
    """

    families: int
    tally: Tally
    replays: int
    standing: "Counter[tuple[str, int]]"
    usable: int

    def __str__(self) -> str:
        told = dict(sorted(self.tally.answers.items()))
        return (
            f"{self.families} families: answers {told}, of which {self.replays} replays; "
            f"no tokens for at most {self.tally.unavailable_s:.2f} s at a time; "
            f"{self.usable} usable afterwards"
        )


async def refresh_through(
    site: Deployment, fault: Fault, *, families: int, parallel: int
) -> Report:
    """Refresh at a running server until `fault` has passed, then once more each.

    Args:
        site: With a server.
        fault: What happens meanwhile.
        families: Logins.
        parallel: How many times each client asks with the same token; at most 101, as the answer
            is repeated a hundred times.
    """
    tally, over = Tally(), asyncio.Event()
    living = [Family(site, await site.log_in(), tally) for _ in range(families)]
    tally.last_success = time.monotonic()
    running = asyncio.gather(*(each.live(parallel, over) for each in living))
    try:
        await fault(tally)
    finally:
        over.set()
        await running
    usable = [await _is_usable(each) for each in living]
    return Report(
        families=families,
        tally=tally,
        replays=(await site.audited())["token.replayed"],
        standing=await site.standing(),
        usable=sum(usable),
    )


async def _is_usable(family: Family) -> bool:
    pair = family.tally.note(await family.site.refresh(family.pair.refresh))
    return pair is not None and (await family.site.list_tools(pair.access)).status == 200


async def crashes(postgres: Postgres, tally: Tally, *, times: int, answers: int) -> None:
    """PostgreSQL ends at once, and starts when clients have noticed; load before, between, after.

    Args:
        postgres: Killed and started `times` times.
        tally: Of the clients.
        times: How often.
        answers: How many answers with tokens there are before, between and after.
    """
    for _ in range(times):
        await _more(tally, "200", answers)
        await asyncio.to_thread(postgres.kill)
        await _more(tally, "503", 10)
        await asyncio.to_thread(postgres.start)
    await _more(tally, "200", answers)


async def _more(tally: Tally, answer: str, count: int) -> None:
    wanted = tally.answers[answer] + count
    await until(lambda: bool(tally.wrong) or tally.answers[answer] >= wanted, PATIENCE_SECONDS)


async def _main(families: int, parallel: int, times: int, answers: int, workers: int) -> None:
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        async with (
            deployment(Path(folder), postgres.fresh_database()) as site,
            site.server(workers=workers),
        ):
            report = await refresh_through(
                site,
                lambda tally: crashes(postgres, tally, times=times, answers=answers),
                families=families,
                parallel=parallel,
            )
    print(report)  # noqa: T201  # a script by hand
    print(f"standing: {dict(report.standing)}; wrong: {report.tally.wrong[:5]}")  # noqa: T201  # the same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Refresh while PostgreSQL crashes.")
    parser.add_argument("--families", type=int, default=40)
    parser.add_argument("--parallel", type=int, default=4, help="attempts with the same token")
    parser.add_argument("--times", type=int, default=5, help="crashes of PostgreSQL")
    parser.add_argument("--answers", type=int, default=1000, help="before, between and after them")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    asyncio.run(_main(given.families, given.parallel, given.times, given.answers, given.workers))
