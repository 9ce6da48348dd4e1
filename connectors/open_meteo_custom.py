"""Hand-written tools of the Open-Meteo connector."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal

from pydantic import MISSING, Field
from treenail_connectors.open_meteo import FindPlaces, GetForecast, find_places, get_forecast

from treenail_runtime.contract import (
    WHOLE,
    Annotations,
    Input,
    JsonObject,
    Tool,
    ToolContext,
    ToolError,
    UpstreamMalformed,
)

CANDIDATES: Final = 5

CURRENT: Final = {
    "temperature_2m": "temperature",
    "apparent_temperature": "feels_like",
    "relative_humidity_2m": "humidity",
    "precipitation": "precipitation",
    "wind_speed_10m": "wind",
}
DAILY: Final = {
    "temperature_2m_min": "lowest",
    "temperature_2m_max": "highest",
    "precipitation_sum": "precipitation",
    "precipitation_probability_max": "precipitation_chance",
    "wind_speed_10m_max": "wind",
}
UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "metric": {"temperature_unit": "celsius", "wind_speed_unit": "kmh", "precipitation_unit": "mm"},
    "imperial": {
        "temperature_unit": "fahrenheit",
        "wind_speed_unit": "mph",
        "precipitation_unit": "inch",
    },
}
CONDITIONS: Final[Mapping[int, str]] = {
    0: "clear sky",
    1: "mainly clear",
    2: "partly cloudy",
    3: "overcast",
    45: "fog",
    48: "freezing fog",
    51: "light drizzle",
    53: "drizzle",
    55: "dense drizzle",
    56: "light freezing drizzle",
    57: "freezing drizzle",
    61: "light rain",
    63: "rain",
    65: "heavy rain",
    66: "light freezing rain",
    67: "freezing rain",
    71: "light snow",
    73: "snow",
    75: "heavy snow",
    77: "snow grains",
    80: "light showers",
    81: "showers",
    82: "violent showers",
    85: "light snow showers",
    86: "heavy snow showers",
    95: "thunderstorm",
    96: "thunderstorm with hail",
    99: "thunderstorm with heavy hail",
}
"""What the codes of the weather mean (WMO 4677, those that models tell)."""


class GetWeather(Input):
    """Arguments of get_weather."""

    place: Annotated[str, Field(min_length=2)] = Field(
        description="Town or postal code, like Cork or Cork, Ireland."
    )
    country_code: Annotated[str, Field(pattern="^[A-Za-z]{2}$")] | MISSING = Field(
        MISSING, description="Only there, like IE."
    )
    days: Annotated[int, Field(ge=1, le=16), WHOLE] = Field(3, description="Days from today.")
    units: Literal["metric", "imperial"] = Field("metric", description="Metric or imperial.")


async def get_weather(arguments: GetWeather, context: ToolContext) -> JsonObject:
    """Find the place, then read its forecast: one request to each host."""
    asked = FindPlaces(
        name=arguments.place,
        country_code=arguments.country_code,
        count=CANDIDATES,
        language="en",
    )
    found: dict[str, Any] = await find_places(asked, context)
    places: list[dict[str, Any]] = found["places"]
    if not places:
        raise ToolError(
            f"Open-Meteo knows no place {arguments.place!r}.",
            advice="Try another spelling, a larger town nearby, or leave the country out.",
        )
    with _of_known_form():
        request = _forecast_at(places[0], arguments)
    forecast = await get_forecast(request, context)
    with _of_known_form():
        return _answer(places, forecast)


@contextmanager
def _of_known_form() -> Generator[None]:
    """Whatever does not fit is the upstream's fault: this only reads what it answered."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UpstreamMalformed(
            "Open-Meteo answered in a form that is not known.",
            advice="Try once more; if it stays so, call find_places and get_forecast.",
        ) from error


def _answer(places: Sequence[Mapping[str, Any]], forecast: Mapping[str, Any]) -> JsonObject:
    place, *others = places
    answer: dict[str, Any] = {
        "place": {**_place(place), "timezone": forecast.get("timezone")},
        "now": _now(forecast),
        "days": _days(forecast),
        "units": _units(forecast),
        "source": "Open-Meteo.com (CC BY 4.0)",
    }
    if others:
        answer["other_places"] = [_place(other) for other in others]
    return answer


def _forecast_at(place: Mapping[str, Any], arguments: GetWeather) -> GetForecast:
    return GetForecast.model_validate(
        {
            "latitude": place["latitude"],
            "longitude": place["longitude"],
            "current": [*CURRENT, "weather_code"],
            "daily": [*DAILY, "weather_code"],
            "forecast_days": arguments.days,
            **UNITS[arguments.units],
        }
    )


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "admin1", "country", "latitude", "longitude")
    return {name: place[name] for name in names if name in place}


def _now(forecast: Mapping[str, Any]) -> dict[str, Any]:
    now = forecast["current"]
    told = {name: now[variable] for variable, name in CURRENT.items() if variable in now}
    return {"time": now.get("time"), "condition": _condition(now.get("weather_code")), **told}


def _days(forecast: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One object a day, made of the arrays that the upstream tells one a variable."""
    daily: Mapping[str, Sequence[Any]] = forecast["daily"]
    columns = {name: daily[variable] for variable, name in DAILY.items() if variable in daily}
    codes = daily.get("weather_code", ())
    return [
        {
            "date": date,
            "condition": _condition(codes[index] if index < len(codes) else None),
            **{name: values[index] for name, values in columns.items() if index < len(values)},
        }
        for index, date in enumerate(daily["time"])
    ]


def _units(forecast: Mapping[str, Any]) -> dict[str, str]:
    told = forecast.get("current_units", {})
    return {name: told[variable] for variable, name in CURRENT.items() if variable in told}


def _condition(code: object) -> str:
    return CONDITIONS.get(code, "unknown") if isinstance(code, int) else "unknown"


TOOLS = (
    Tool(
        name="get_weather",
        title="Get the weather",
        description=(
            "Tells the weather of a place by its name: now, and day by day. other_places are those of "
            "the same name: ask which one is meant where it matters."
        ),
        arguments=GetWeather,
        run=get_weather,
        annotations=Annotations(
            read_only=True, destructive=False, idempotent=True, open_world=True
        ),
        example={"place": "Dublin", "days": 2},
    ),
)
