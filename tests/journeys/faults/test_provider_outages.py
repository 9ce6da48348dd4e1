"""The upstream's provider is out while eight workers serve: nobody waits long, or is logged out."""

from pathlib import Path

import pytest

from tests.support.provider_outage import outage, refreshed_at_once, town

PEOPLE = 6


@pytest.mark.requirement("T-075", "LEASE")
async def test_eight_workers_sit_out_an_outage_of_the_provider(
    tmp_path: Path, postgres_url: str
) -> None:
    async with town(tmp_path, postgres_url, workers=8, people=PEOPLE + 3) as made:
        refreshes = [await refreshed_at_once(made, 64) for _ in range(3)]
        report = await outage(made, "error", 5)
    print(refreshes, report)  # noqa: T201  # figures to quote

    assert refreshes == [1, 1, 1]
    assert {each.status for each in (*report.first, *report.during)} == {503}
    assert all(each.retry_s > 0 for each in (*report.first, *report.during))
    assert report.asked < len(report.during)
    # Tokens of the others, whom nobody calls for, may be refreshed by a round meanwhile.
    assert PEOPLE <= report.refreshed <= PEOPLE + 3
    assert report.active == (PEOPLE + 3, PEOPLE + 3)
