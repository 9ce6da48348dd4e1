"""The file of an embedded database cannot grow: later, it goes on."""

import resource
from collections import Counter
from pathlib import Path

import pytest

from tests.support.deployment import Pair, deployment


@pytest.mark.requirement("T-136")
async def test_a_file_that_cannot_grow_gives_no_token_and_loses_none(tmp_path: Path) -> None:
    """The kernel refuses to write beyond a size, as a full disk would; mounting one takes root."""
    url = f"sqlite:///{tmp_path}/site.db"
    async with deployment(tmp_path, url) as site, site.server() as server:
        pid, pair = server.process.pid, await site.log_in()
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        full = (tmp_path / "site.db-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (full, before[1]))
        refused = [await site.refresh(pair.refresh) for _ in range(5)]
        listed = await site.list_tools(pair.access)
        standing = await site.standing()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        following = Pair.of(await site.refresh(pair.refresh))
        assert (await site.list_tools(following.access)).status == 200

        assert {(each.status, each.json["error"]) for each in refused} == {
            (503, "temporarily_unavailable")
        }
        assert all(int(each.headers["retry-after"]) > 0 for each in refused)
        assert listed.status == 200
        assert standing == await site.standing() == Counter({("active", 1): 1})
        assert (await site.audited())["token.replayed"] == 0
