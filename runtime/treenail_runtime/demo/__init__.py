"""The whole product on one machine: a mock upstream, the server, and an agent's client."""

from .running import Demo, demonstrate

__all__ = ["Demo", "demonstrate"]
