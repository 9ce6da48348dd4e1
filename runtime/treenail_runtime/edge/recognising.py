"""Who shows an access token: whoever it was given to, as long as the account is that of then."""

from dataclasses import dataclass

from treenail_runtime.auth.bearer import PrincipalFacts, Refusal, decide_principal, principal_of
from treenail_runtime.auth.records import ConnectionConfig, Instance, Principal
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer
from treenail_runtime.storage.connections import config_facts, open_config


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Knows principals by what is known of their tokens."""

    sealer: Sealer
    macs: Macs

    def principal(self, found: PrincipalFacts | None, instance: Instance) -> Principal | Refusal:
        """The caller of `instance`, or why a token proves none.

        Args:
            found: What is known of the token; None when nothing is.
            instance: Where it is shown.
        """
        facts = decide_principal(found, instance)
        if isinstance(facts, Refusal):
            return facts
        try:
            config = open_config(self.sealer, facts.connection_id, facts.config)
        except BrokenSealError as error:
            return Refusal(f"the connection cannot be opened: {error}")
        if config.connector != instance.connector:
            # Another connector answers here than when the grant was made: what was typed for the
            # one is no business of the other's upstream.
            return Refusal("credentials of another connector")
        return principal_of(facts, config, self._fits)

    def _fits(self, fingerprint: str, config: ConnectionConfig) -> bool:
        return self.macs.fits(fingerprint, config_facts(config))
