"""The token family as a state machine: whatever happens, in any order, the rules hold."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.databases import travel
from tests.support.families import Authorizer, RefusedError, Tokens
from tests.support.postgres import Postgres
from treenail_runtime.auth.tokens import TokenPolicy
from treenail_runtime.storage import schema
from treenail_runtime.storage.database import Database

T = TypeVar("T")

POLICY = TokenPolicy(
    access_s=100, refresh_idle_s=1000, refresh_absolute_s=3000, grace_s=60, most_replays=3
)


@dataclass
class Issued:
    """A pair, as the model knows it; times are the model's, in seconds."""

    tokens: Tokens
    at: float
    rotated_at: float | None = None
    replays: int = 0


@dataclass
class Model:
    """One family: its pairs in the order of rotation."""

    started: float
    pairs: list[Issued] = field(default_factory=list[Issued])
    dead: bool = False


class FamilyMachine(RuleBasedStateMachine):
    """Compares a real database with the model after every step."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = Database(self.url)
        self.server = Authorizer(self.database, policy=POLICY)
        self.now = 0.0
        self.family = Model(started=0.0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.database.aclose())
        self.runner.close()

    @initialize()
    def log_in(self) -> None:
        tokens = self.run(self.server.tokens())
        self.family = Model(started=self.now, pairs=[Issued(tokens, self.now)])

    @precondition(lambda self: self.is_over(self.newest))
    @rule()
    def log_in_again(self) -> None:
        self.log_in()

    @property
    def newest(self) -> Issued:
        return self.family.pairs[-1]

    def is_over(self, pair: Issued) -> bool:
        """Whether nothing can be got for a refresh token any more, used or not."""
        return (
            self.family.dead
            or self.now - self.family.started >= POLICY.refresh_absolute_s
            or self.now - pair.at >= POLICY.refresh_idle_s
        )

    @rule(times=st.integers(1, 3))
    def refresh_the_newest(self, times: int) -> None:
        for _ in range(times):
            self.refresh_once(self.newest)

    def refresh_once(self, newest: Issued) -> None:
        if self.is_over(newest):
            self.refused(newest, ends=False)
            return
        newest.rotated_at = self.now
        got = self.run(self.server.refresh(newest.tokens.refresh))
        self.family.pairs.append(Issued(got, self.now))

    @precondition(lambda self: len(self.family.pairs) > 1)
    @rule(back=st.sampled_from([1, 1, 2, 3]), times=st.integers(1, 4))
    def present_a_used_one(self, back: int, times: int) -> None:
        for _ in range(times):
            self.present_used(back)

    def present_used(self, back: int) -> None:
        index = max(0, len(self.family.pairs) - 1 - back)
        used = self.family.pairs[index]
        if used.rotated_at is None:
            return
        is_repeatable = (
            index == len(self.family.pairs) - 2
            and self.now - used.rotated_at <= POLICY.grace_s
            and used.replays < POLICY.most_replays
        )
        if self.is_over(used):
            self.refused(used, ends=False)
        elif is_repeatable:
            again = self.run(self.server.refresh(used.tokens.refresh))
            used.replays += 1
            assert (again.access, again.refresh) == (
                self.newest.tokens.access,
                self.newest.tokens.refresh,
            )
        else:
            self.refused(used, ends=True)
            self.family.dead = True

    @rule(parallel=st.integers(2, 3))
    def refresh_in_parallel(self, parallel: int) -> None:
        newest = self.newest
        if self.is_over(newest):
            return
        newest.rotated_at = self.now
        newest.replays = parallel - 1

        async def all_at_once() -> list[Tokens]:
            presented = newest.tokens.refresh
            return await asyncio.gather(*(self.server.refresh(presented) for _ in range(parallel)))

        answers = self.run(all_at_once())
        assert len({(each.access, each.refresh) for each in answers}) == 1
        self.family.pairs.append(Issued(answers[0], self.now))

    @rule()
    def refresh_as_another_client(self) -> None:
        with pytest.raises(RefusedError) as refusal:
            self.run(self.server.refresh(self.newest.tokens.refresh, client_id="client-b"))
        assert refusal.value.ended_grant is None

    @precondition(lambda self: len(self.family.pairs) > 2)
    @rule(back=st.integers(0, 3))
    def give_one_back(self, back: int) -> None:
        index = max(0, len(self.family.pairs) - 1 - back)
        ended = self.run(self.server.revoke(self.family.pairs[index].tokens.refresh))
        assert (ended is None) == self.family.dead
        self.family.dead = True

    # Multiples of 7, which no bound of the policy is: real time passes, too.
    @rule(seconds=st.sampled_from([7, 35, 49, 70, 112, 987, 1008]))
    def let_time_pass(self, seconds: int) -> None:
        self.run(travel(self.database, seconds))
        self.now += seconds

    def refused(self, pair: Issued, *, ends: bool) -> None:
        with pytest.raises(RefusedError) as refusal:
            self.run(self.server.refresh(pair.tokens.refresh))
        assert refusal.value.error == "invalid_grant"
        assert (refusal.value.ended_grant is not None) == ends

    @invariant()
    def there_is_at_most_one_refresh_token_to_use(self) -> None:
        if self.family.pairs:
            grant_id = self.newest.tokens.granted.grant_id
            assert self.run(self.server.live_tokens(grant_id, kind="refresh")) == (
                0 if self.is_over(self.newest) else 1
            )

    @invariant()
    def a_dead_family_has_no_live_token(self) -> None:
        if self.family.dead:
            assert self.run(self.server.live_tokens(self.newest.tokens.granted.grant_id)) == 0

    @invariant()
    def access_tokens_live_as_long_as_told(self) -> None:
        for pair in self.family.pairs[-2:]:
            is_live = self.run(self.server.is_live(pair.tokens.access))
            end = min(pair.at + POLICY.access_s, self.family.started + POLICY.refresh_absolute_s)
            assert is_live == (not self.family.dead and self.now < end)


@contextmanager
def initialised(url: str) -> Generator[type[FamilyMachine]]:
    async def make() -> None:
        opened = Database(url)
        await schema.upgrade(opened)
        await opened.aclose()

    asyncio.run(make())
    yield type("Machine", (FamilyMachine,), {"url": url})


@pytest.mark.requirement("S1-23", "S1-24", "AS-12", "T-055")
def test_no_order_of_events_breaks_a_family_on_sqlite() -> None:
    with TemporaryDirectory() as folder, initialised(f"sqlite:///{Path(folder)}/db") as machine:
        run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]  # hypothesis' own
            machine, settings=settings(max_examples=50, stateful_step_count=40)
        )


@pytest.mark.requirement("S1-23", "S1-24", "AS-12", "T-055")
def test_no_order_of_events_breaks_a_family_on_postgresql(postgres: Postgres) -> None:
    with initialised(postgres.fresh_database()) as machine:
        run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]  # the same
            machine, settings=settings(max_examples=12, stateful_step_count=40)
        )
