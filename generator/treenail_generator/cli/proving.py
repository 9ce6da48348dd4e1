"""`gen check --prove`: the requests of every tool, tried with many more arguments."""

from dataclasses import dataclass, replace
from typing import Any

from treenail_generator.build import Built
from treenail_generator.diagnostics import Diagnostic
from treenail_generator.plan import Absent
from treenail_generator.verify import Effort, NothingRead, Proof, proofs

from .progress import Progress


@dataclass(frozen=True, slots=True)
class Proven:
    """What the proof of one connector came to."""

    proofs: tuple[Proof, ...]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """One for each tool that sends something else than its arguments."""
        return tuple(fault for each in self.proofs if (fault := each.diagnostic) is not None)

    @property
    def unproven(self) -> tuple[Diagnostic, ...]:
        """One for each tool of which no request could be tried: a fault, once a proof is asked for."""
        found = (warning for each in self.proofs if (warning := each.unproven) is not None)
        return tuple(replace(each, severity="error") for each in found)

    @property
    def doubts(self) -> tuple[Diagnostic, ...]:
        """One for each tool whose request openapi-core reads otherwise: a fault as well."""
        found = (warning for each in self.proofs if (warning := each.doubted) is not None)
        return tuple(replace(each, severity="error") for each in found)

    @property
    def summary(self) -> str:
        """One line for people."""
        requests = sum(each.proven for each in self.proofs)
        refused = sum(each.refused for each in self.proofs)
        seconds = sum(each.seconds for each in self.proofs)
        return (
            f"{requests} requests of {len(self.proofs)} tools and calls proven, "
            f"{refused} rightly refused, in {seconds:.2f} s"
        )

    def as_json(self) -> list[dict[str, Any]]:
        """One object for each tool and call."""
        return [_as_json(each) for each in self.proofs]


def prove_again(built: Built, effort: Effort, progress: Progress) -> Proven:
    """Try every tool of a build, telling how far it is."""
    done: list[Proof] = []
    total = len(built.plan.tools)
    for each in proofs(built.loaded, built.plan, built.document, effort):
        done.append(each)
        progress(f"{built.plan.name}: proven {len(done)} of {total} tools, {each.name}")
    progress.end()
    return Proven(tuple(done))


def _as_json(proof: Proof) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tool": proof.name,
        "proven": proof.proven,
        "refused": proof.refused,
        "seconds": round(proof.seconds, 6),
    }
    wrong = proof.mismatch
    if wrong is not None:
        told["mismatch"] = {
            "reason": wrong.reason,
            "arguments": wrong.arguments,
            "operation": str(proof.operation),
            **_compared("expected", wrong.expected),
            **_compared("decoded", wrong.decoded),
        }
    return told


def _compared(name: str, value: Any) -> dict[str, Any]:
    """The value as JSON; nothing where there is none."""
    if isinstance(value, Absent | NothingRead):
        return {}
    return {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value}
