"""What must be known when a browser comes back from the upstream's provider, as sealed text."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import SecretStr

from treenail_runtime.auth.records import UpstreamTrip
from treenail_runtime.crypto.sealing import Sealed, Sealer


def seal_trip(sealer: Sealer, trip: UpstreamTrip, place: str) -> Sealed:
    """The trip, sealed for `place`."""
    return sealer.seal(orjson.dumps(trip_facts(trip)), place)


def open_trip(sealer: Sealer, text: str, place: str) -> UpstreamTrip:
    """What `seal_trip` sealed.

    Raises:
        BrokenSealError: It was not sealed for this place, was changed, or its key is gone.
    """
    return trip_of(orjson.loads(sealer.open(text, place)))


def trip_facts(trip: UpstreamTrip) -> dict[str, Any]:
    """The trip as plain data, its secrets included: for sealing only."""
    return asdict(trip) | {"verifier": _shown(trip.verifier), "nonce": _shown(trip.nonce)}


def trip_of(facts: Mapping[str, Any]) -> UpstreamTrip:
    """The trip that `trip_facts` described."""
    return UpstreamTrip(
        verifier=_hidden(facts["verifier"]),
        nonce=_hidden(facts["nonce"]),
        issuer=facts["issuer"],
        redirect_uri=facts["redirect_uri"],
    )


def _shown(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _hidden(text: str | None) -> SecretStr | None:
    return None if text is None else SecretStr(text)
