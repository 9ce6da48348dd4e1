"""Puts the admin API and the pages of single instances together."""

from quart import Quart

from treenail_runtime.administration import Changes, Departures, Setups, Validator
from treenail_runtime.edge.admin.housekeeping import Housekeeping
from treenail_runtime.edge.admin.routes import add_admin
from treenail_runtime.edge.admin.services import AdminServices, Health, Trouble
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.recognising import Recogniser
from treenail_runtime.edge.routing import Route
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.principals import PrincipalStore
from treenail_runtime.storage.setups import SetupStore

from .administering import Core, make_administration


def add_administration(
    pages: Quart,
    core: Core,
    oauth: OAuth,
    health: Health,
    trouble: Trouble,
    housekeeping: Housekeeping,
    *,
    with_api: bool,
) -> dict[str, Route]:
    """Add the pages of single instances to `pages`, and the admin API unless it is switched off.

    Returns:
        What the guard lets through, by path.
    """
    administration = make_administration(core)
    setups = SetupStore(core.database, core.sealer)
    services = AdminServices(
        administration=administration,
        changes=Changes(administration),
        setups=Setups(administration, setups, core.base_url),
        departures=Departures(administration, setups, core.base_url),
        validator=Validator(administration),
        admins=AdminStore(core.database),
        health=health,
        trouble=trouble,
        housekeeping=housekeeping,
        places=core.directory,
        principals=PrincipalStore(core.database),
        recogniser=Recogniser(core.sealer, core.macs),
        calls=core.calls,
        oauth=oauth,
        base_url=core.base_url,
    )
    return add_admin(pages, services, with_api=with_api)
