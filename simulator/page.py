"""The web page with faceplates and controls of the meters, and its JSON API."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
import time
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from .house import PHASES
from .leds import PERIOD, remote_colour
from .meter import Meter
from .server import require_loopback
from .simulator import Simulator

_HTML = Path(__file__).with_name("page.html")
_HISTORY = {"start", "end", "step", "resolution"}


@dataclass(frozen=True, kw_only=True)
class PageConfig:
    """Where the page is served: only on loopback, as it has no login. Port 0 is a free one."""

    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        """Refuse addresses that other machines could reach."""
        require_loopback(self.host)


class Page:
    """The web server of a simulator's page; it serves while its async context lasts.

    `GET /` returns the page, `GET /api/state` the whole state, `GET /api/history?start=&end=` the
    past. `POST /api/clock`, `/api/meters/{serial}/house`, `.../cable` and `.../counters` change the
    simulation and return the new state. Invalid requests get status 400 and `{"error": ...}`.
    """

    def __init__(self, simulator: Simulator, config: PageConfig) -> None:
        """Prepare; the server starts with the context."""
        self._simulator = simulator
        self._config = config
        self._runner: web.AppRunner | None = None
        self._port = config.port

    @property
    def url(self) -> str:
        """The URL of the page."""
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        """Serve the page.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(middlewares=[_refuse])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/state", self._get_state),
                web.get("/api/history", self._history),
                web.post("/api/clock", self._clock),
                web.post("/api/meters/{serial}/house", self._house),
                web.post("/api/meters/{serial}/cable", self._cable),
                web.post("/api/meters/{serial}/counters", self._counters),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._config.host, self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(_HTML, headers={"Cache-Control": "no-store"})

    async def _get_state(self, _request: web.Request) -> web.Response:
        return self._state()

    async def _history(self, request: web.Request) -> web.Response:
        numbers = {name: int(value) for name, value in request.query.items()}
        if "start" not in numbers or not numbers.keys() <= _HISTORY:
            raise ValueError(
                "history takes start, and perhaps end, step and resolution, in seconds"
            )
        start, end = numbers.pop("start"), numbers.pop("end", None)
        past = await asyncio.to_thread(self._simulator.history, start, end, **numbers)
        return web.json_response({"meters": [meter.as_json() for meter in past]})

    async def _clock(self, request: web.Request) -> web.Response:
        body = await _body(request, {"speed"})
        self._simulator.clock.set_speed(body["speed"])
        return self._state()

    async def _house(self, request: web.Request) -> web.Response:
        meter = self._meter(request)
        body = await _body(request)
        if not all(isinstance(values, Mapping) for values in body.values()):
            raise ValueError('expected settings by phase, such as {"A": {"extra_watts": 500}}')
        self._simulator.set_house(meter, meter.site.house.tweaked(body))
        return self._state()

    async def _cable(self, request: web.Request) -> web.Response:
        meter = self._meter(request)
        body = await _body(request, {"plugged"})
        if not isinstance(body["plugged"], bool):
            raise ValueError("plugged must be true or false")  # noqa: TRY004 - reported like other invalid values
        await self._simulator.set_plugged(body["plugged"], [meter])
        return self._state()

    async def _counters(self, request: web.Request) -> web.Response:
        meter = self._meter(request)
        meter.set_counters(await _body(request))
        return self._state()

    def _meter(self, request: web.Request) -> Meter:
        """Return the meter in the request's path."""
        try:
            return self._simulator.meter(request.match_info["serial"])
        except KeyError as err:
            raise web.HTTPNotFound(
                text='{"error": "no such meter"}', content_type="application/json"
            ) from err

    def _state(self) -> web.Response:
        """Return the state of the whole simulation."""
        simulator = self._simulator
        return web.json_response(
            {
                "time": datetime.fromtimestamp(
                    simulator.clock.now, simulator.config.timezone
                ).isoformat(),
                "timestamp": simulator.clock.now,
                "start": simulator.clock.start,
                "speed": simulator.clock.speed,
                "endpoints": simulator.endpoints(),
                "meters": [_meter_state(meter) for meter in simulator.meters],
            }
        )


def _meter_state(meter: Meter) -> dict[str, object]:
    """Return the state of a meter, as JSON."""
    config, house = meter.config, meter.site.house
    return {
        "serial": meter.serial,
        "unit": meter.unit,
        "model": config.model,
        "product": config.product_name,
        "version": config.version,
        "role": config.role.value,
        "site": config.site,
        "ct_rating": config.ct_rating,
        "ct_sets": config.ct_sets,
        "phases": config.wiring.phases,
        "plugged": meter.plugged,
        "truth": meter.truth(),
        "leds": {
            "period": PERIOD,
            "status": [flash._asdict() for flash in meter.status_light()],
            "remote": remote_colour(meter.signals, time.monotonic()),
            "received": meter.signals.received,
            "transmitted": meter.signals.transmitted,
        },
        "house": {
            phase: {**asdict(tweak), "solar_peak": house.solar_share(index)}
            for index, (phase, tweak) in enumerate(
                zip(PHASES[: house.phases], house.tweaks, strict=False)
            )
        },
    }


async def _body(request: web.Request, expected: set[str] | None = None) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises:
        ValueError: not JSON, not an object, or not the expected names.
    """
    body = await request.json()
    if not isinstance(body, dict) or (expected is not None and set(body) != expected):
        names = "" if expected is None else f" with {', '.join(sorted(expected))}"
        raise ValueError(f"expected a JSON object{names}")
    return body


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into replies with the reason."""
    try:
        return await handler(request)
    except ValueError as err:
        return web.json_response({"error": str(err)}, status=400)
    except OSError as err:
        return web.json_response({"error": str(err)}, status=409)
