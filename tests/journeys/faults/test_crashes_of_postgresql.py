"""PostgreSQL crashes twice while clients refresh: nobody is logged out."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.deployment import deployment
from tests.support.postgres import Postgres
from tests.support.refresh_load import crashes, refresh_through

FAMILIES = 12
PARALLEL = 3
ANSWERS = 200


@pytest.mark.requirement("T-136", "T-139", "T-140")
async def test_nobody_is_logged_out_by_crashes_of_the_database(
    tmp_path: Path, own_postgres: Postgres
) -> None:
    async with (
        deployment(tmp_path, own_postgres.fresh_database()) as site,
        site.server(workers=2),
    ):
        report = await refresh_through(
            site,
            lambda tally: crashes(own_postgres, tally, times=2, answers=ANSWERS),
            families=FAMILIES,
            parallel=PARALLEL,
        )
    print(report)  # noqa: T201  # figures to quote

    assert not report.tally.wrong
    assert report.tally.answers["200"] > FAMILIES
    assert report.tally.answers["503"]
    assert report.tally.answers["no answer"] == 0
    assert report.standing == Counter({("active", 1): FAMILIES})
    assert report.usable == FAMILIES
