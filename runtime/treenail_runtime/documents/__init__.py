"""Client ID metadata documents: fetched from wherever a stranger says, and safely."""

from .fetching import DocumentFetcher
from .resolving import Resolve, SystemResolver

__all__ = ["DocumentFetcher", "Resolve", "SystemResolver"]
