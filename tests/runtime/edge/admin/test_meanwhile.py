"""What is typed while somebody changes the instance goes to the server that it was tried at, or nowhere."""

import asyncio
from pathlib import Path

import pytest

from tests.runtime.edge.admin.test_changes import ITEMS, VALUES, patch
from tests.support.admin_api import API, administering
from tests.support.authorizing import authorizing
from tests.support.gate import gated
from tests.support.loopback import loopback
from treenail_runtime.storage.tables import connections


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_an_account_that_was_tried_at_one_server_is_not_kept_for_another(
    tmp_path: Path,
) -> None:
    async with (
        gated() as gate,
        loopback(ITEMS) as other,
        authorizing(tmp_path, upstream_url=f"{gate.url}/slow") as site,
    ):
        root = await administering(site, "root", "admin")
        await root.create("acme", credentials="instance")
        path = f"{API}/instances/acme"
        put = asyncio.create_task(root.send("PUT", f"{path}/credentials", {"values": VALUES}))
        await gate.reached.wait()
        changed = await patch(root, {"server_url": other.url})
        gate.opened.set()
        late = await put

        assert (changed.status, late.status, late.kind) == (200, 409, "changed-meanwhile")
        assert (await root.get(path)).body["status"] == "pending"
        assert await site.rows(connections) == []

        again = await root.send("PUT", f"{path}/credentials", {"values": VALUES})
        assert (again.body["status"], len(other.requests)) == ("active", 1)
