"""The whole product on one machine: a mock upstream, the server, and an agent's client."""

from .parts import Demo
from .running import demonstrate

__all__ = ["Demo", "demonstrate"]
