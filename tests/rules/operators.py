"""What operators and owners of instances may rely on when something is wrong."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "TOLD-COMMANDS": Requirement(
        "ours",
        "what a command is given and cannot take is told in one line: no stack trace, no SQL, no key",
    ),
    "SETUP-LATER": Requirement(
        "ours",
        "until somebody has logged in for an instance it stays as it was; there is all the time for "
        "that which was told, and one that had none left can be given an account in both ways",
    ),
    "REAUTH-STAYS": Requirement(
        "ours", "an instance whose account was refused is not taken for one that has it"
    ),
    "LOST-KEYS": Requirement(
        "ours",
        "an instance that no key opens can be listed, closed and ended, and the command line seals "
        "nothing that the servers could not open",
    ),
    "NAMES-KEPT": Requirement(
        "ours",
        "nobody makes an instance at the path of a connector that is broken, or served elsewhere; "
        "one that is hidden by a new connector is told",
    ),
    "BOUNDED-OWNERS": Requirement(
        "ours",
        "an owner has a bounded number of instances, and lists of them have bounded pages",
    ),
    "ANY-NUMBER": Requirement(
        "ours", "an instance is deleted whatever the number of its logins, in one transaction"
    ),
    "OWN-BREAKER": Requirement(
        "ours",
        "an instance's own server has a circuit breaker of its own, and is told to nobody else",
    ),
    "CHEAP-HEALTH": Requirement(
        "ours",
        "nothing is looked up for strangers who ask for the health of an instance that this worker "
        "knows; a name that it does not know costs one read",
    ),
    "HELD-BACK": Requirement(
        "ours", "a signal that comes while a server starts is obeyed once it has, and ends nothing"
    ),
}
