"""Leaves an upstream alone that keeps failing. Pure decisions; time is given."""

from typing import Final, Literal, TypeAlias

from treenail_runtime.clock import Stopwatch, monotonic

State: TypeAlias = Literal["closed", "open", "half-open"]


_TEST_S: Final = 1.0
"""So soon those may ask again who come while a test is under way; it seldom takes longer."""


class CircuitBreaker:
    """Opens after a run of failures; after the cool-down one attempt tests the upstream.

    What is a failure, the client decides: no connection, a broken one, no answer in time, 502, 503
    and 504. Status 500 is not: one record that the upstream cannot serve would lock everybody out.
    A test that never reports back blocks nothing: the next one is due a cool-down later.

    Args:
        failures: Length of the run, in attempts; one success ends it.
        cool_down_s: How long the upstream is left alone.
        stopwatch: Where the time comes from.
    """

    def __init__(
        self, *, failures: int = 10, cool_down_s: float = 15.0, stopwatch: Stopwatch = monotonic
    ) -> None:
        self._limit = failures
        self._cool_down_s = cool_down_s
        self._stopwatch = stopwatch
        self._run = 0
        self._open_until: float | None = None
        self._is_tested = False

    @property
    def state(self) -> State:
        """Closed lets everything pass, open nothing, half-open one attempt."""
        if self._open_until is None:
            return "closed"
        return "open" if self._stopwatch() < self._open_until else "half-open"

    @property
    def wait_s(self) -> float:
        """Seconds for which nobody passes; 0.0 when somebody may."""
        if self._open_until is None:
            return 0.0
        left_s = max(self._open_until - self._stopwatch(), 0.0)
        return min(left_s, _TEST_S) if self._is_tested else left_s

    def admit(self) -> float:
        """0.0 when the caller may go ahead, which it then must; otherwise seconds to wait."""
        wait_s = self.wait_s
        if wait_s > 0 or self._open_until is None:
            return wait_s
        # This caller makes the test; until it is known how that went, nobody else passes.
        self._open_until = self._stopwatch() + self._cool_down_s
        self._is_tested = True
        return 0.0

    def failed(self) -> bool:
        """Count a failed attempt; true when this one opened the circuit."""
        self._run += 1
        self._is_tested = False
        if self._run < self._limit:
            return False
        opened = self._open_until is None
        self._open_until = self._stopwatch() + self._cool_down_s
        return opened

    def succeeded(self) -> bool:
        """End the run of failures; true when this closed the circuit."""
        closed = self._open_until is not None
        self._run = 0
        self._open_until = None
        self._is_tested = False
        return closed
