"""The weather of a place: two hosts, one answer."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.support.phorest import CONNECTORS
from tests.support.upstreams import mocked
from treenail_runtime.contract import ToolContext, ToolError, UpstreamMalformed
from treenail_runtime.loading import load_connector

OPEN_METEO = load_connector(CONNECTORS, "open_meteo")
CORK = {"id": 1, "name": "Cork", "latitude": 51.9, "longitude": -8.47, "country": "Ireland"}
COVE = {"id": 2, "name": "Cork", "latitude": 40.1, "longitude": -74.2, "country": "United States"}
FORECAST: dict[str, Any] = {
    "latitude": 51.9,
    "longitude": -8.5,
    "timezone": "Europe/Dublin",
    "current_units": {"temperature_2m": "°C"},
    "current": {"time": "2026-11-20T12:00", "temperature_2m": 9.4, "weather_code": 61},
    "daily": {
        "time": ["2026-11-20", "2026-11-21"],
        "weather_code": [3, 250],
        "temperature_2m_max": [10.2],
    },
}
pytestmark = pytest.mark.requirement("CONN-WEATHER")


class Upstream:
    """Both hosts, in memory."""

    def __init__(self, *places: dict[str, Any], forecast: Any = FORECAST) -> None:
        self.places = places
        self.forecast = forecast
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if request.url.path.endswith("/search"):
            told = {"results": self.places} if self.places else {"generationtime_ms": 0.4}
            return httpx.Response(200, json=told)
        return httpx.Response(200, json=self.forecast)


async def weather(upstream: Upstream, **arguments: Any) -> dict[str, Any]:
    (tool,) = (each for each in OPEN_METEO.tools if each.name == "get_weather")
    context = ToolContext("open_meteo", {}, mocked(upstream))
    return dict(await tool.run(tool.arguments.model_validate(arguments), context))


async def test_the_place_is_asked_of_one_host_and_its_forecast_of_another() -> None:
    upstream = Upstream(CORK, COVE)

    told = await weather(upstream, place="Cork", days=2)

    place, forecast = upstream.asked
    assert (place.scheme, place.host) == ("https", "geocoding-api.open-meteo.com")
    assert (forecast.host, forecast.path) == ("upstream.test", "/v1/v1/forecast")
    assert place.params["name"] == "Cork"
    assert (forecast.params["latitude"], forecast.params["longitude"]) == ("51.9", "-8.47")
    assert forecast.params["forecast_days"] == "2"
    assert told == {
        "place": {
            "name": "Cork",
            "country": "Ireland",
            "latitude": 51.9,
            "longitude": -8.47,
            "timezone": "Europe/Dublin",
        },
        "now": {"time": "2026-11-20T12:00", "condition": "light rain", "temperature": 9.4},
        "days": [
            {"date": "2026-11-20", "condition": "overcast", "highest": 10.2},
            {"date": "2026-11-21", "condition": "unknown"},
        ],
        "units": {"temperature": "°C"},
        "source": "Open-Meteo.com (CC BY 4.0)",
        "other_places": [
            {"name": "Cork", "country": "United States", "latitude": 40.1, "longitude": -74.2}
        ],
    }


async def test_imperial_units_are_asked_of_the_upstream() -> None:
    upstream = Upstream(CORK)

    await weather(upstream, place="Cork", units="imperial", country_code="IE")

    place, forecast = upstream.asked
    assert place.params["countryCode"] == "IE"
    units = ("temperature_unit", "wind_speed_unit", "precipitation_unit")
    assert [forecast.params[name] for name in units] == ["fahrenheit", "mph", "inch"]


async def test_a_place_that_nobody_knows_is_told_and_no_forecast_asked() -> None:
    upstream = Upstream()

    with pytest.raises(ToolError) as refused:
        await weather(upstream, place="Xyzzy")

    assert refused.value.message == "Open-Meteo knows no place 'Xyzzy'."
    assert refused.value.advice
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    ("place", "forecast"),
    [
        ({"name": "Cork"}, FORECAST),
        ({**CORK, "latitude": 999}, FORECAST),
        (CORK, {**FORECAST, "current": None}),
        (CORK, {**FORECAST, "daily": [1]}),
        (CORK, {**FORECAST, "daily": {"time": ["2026-11-20"], "temperature_2m_max": None}}),
        (CORK, [FORECAST, FORECAST]),
    ],
)
async def test_an_answer_of_an_unknown_form_is_the_upstreams_fault(
    place: dict[str, Any], forecast: Any
) -> None:
    with pytest.raises(UpstreamMalformed, match="in a form that is not known"):
        await weather(Upstream(place, forecast=forecast), place="Cork")


async def test_a_forecast_without_a_time_zone_is_still_told() -> None:
    without = {name: value for name, value in FORECAST.items() if name != "timezone"}

    told = await weather(Upstream(CORK, forecast=without), place="Cork")

    assert told["place"]["timezone"] is None
    assert told["now"]["temperature"] == 9.4


async def test_more_hours_than_a_model_can_read_are_not_asked_for() -> None:
    (tool,) = (each for each in OPEN_METEO.tools if each.name == "get_forecast")
    arguments = {"latitude": 51.9, "longitude": -8.47, "hourly": ["temperature_2m"]}

    tool.arguments.model_validate({**arguments, "past_days": 7})
    with pytest.raises(ValidationError, match="past_days"):
        tool.arguments.model_validate({**arguments, "past_days": 8})
