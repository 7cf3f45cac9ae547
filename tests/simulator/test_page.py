"""The page and its JSON API."""

from collections.abc import AsyncIterator
import re
from typing import Any

import aiohttp
import pytest

from simulator import Page, PageConfig, Simulator, SimulatorConfig, TcpConfig

from .clients import PATIENCE, TcpClient, read_request

GRID, SOLAR = "S30700100", "S30700101"


type Answer = tuple[int, Any]


class Api:
    """A client of the page."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Use a session at the page's address."""
        self._session = session

    async def get(self, path: str) -> Answer:
        """Return status and JSON."""
        async with self._session.get(path) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: object) -> Answer:
        """Send JSON, return status and JSON."""
        async with self._session.post(path, json=body) as response:
            return response.status, await response.json()

    async def page(self) -> tuple[int, str, str]:
        """Return status, content type and text of the page itself."""
        async with self._session.get("/") as response:
            return response.status, response.content_type, await response.text()


@pytest.fixture
async def api(sim: Simulator) -> AsyncIterator[Api]:
    """Return a client of the page of the shared world."""
    async with Page(sim, PageConfig()) as page, aiohttp.ClientSession(page.url) as session:
        yield Api(session)


async def test_the_page_needs_nothing_from_elsewhere(api: Api) -> None:
    status, kind, text = await api.page()
    assert (status, kind) == (200, "text/html")
    assert "DTS 307" in text
    for outside in ("http://", "https://", "src=", "@import"):
        assert outside not in text


async def test_state(sim: Simulator, api: Api) -> None:
    status, state = await api.get("/api/state")
    assert status == 200
    assert state["time"] == "2026-06-22T12:00:00+00:00"
    assert state["timestamp"] == state["start"] == sim.clock.now
    assert state["speed"] == 0
    assert state["endpoints"] == sim.endpoints()
    assert state["endpoints"]["tcp"][0]["port"] == sim.tcp_port
    assert [m["serial"] for m in state["meters"]] == [GRID, SOLAR]
    grid, solar = state["meters"]
    assert grid["truth"] == sim.meters[0].truth()
    assert (solar["unit"], solar["model"], solar["product"]) == (101, 201, "DTS 307/1")
    assert solar["leds"]["status"][0] == {"colour": "orange", "start": 0.0, "duration": 0.15}
    assert grid["leds"]["period"] == 2.0
    assert grid["house"]["A"]["solar_peak"] == 5000
    assert grid["house"]["B"] == {
        "load_factor": 1.0,
        "extra_watts": 0.0,
        "sun": None,
        "solar_peak": 0.0,
    }


async def test_the_clock(sim: Simulator, api: Api) -> None:
    status, state = await api.post("/api/clock", {"speed": 60})
    assert (status, state["speed"], sim.clock.speed) == (200, 60, 60)


async def test_the_house_changes_at_once_for_the_whole_site(sim: Simulator, api: Api) -> None:
    before = [meter.truth() for meter in sim.meters]
    change = {"A": {"sun": 0.5}, "B": {"extra_watts": 2000}}
    status, state = await api.post(f"/api/meters/{SOLAR}/house", change)
    assert status == 200
    grid, solar = state["meters"]
    assert solar["truth"]["W"] == -2493  # half of 5 kW, less the inverter's own
    assert grid["truth"]["WphB"] == pytest.approx((before[0]["WphB"] or 0) + 2000, abs=1)
    assert grid["truth"]["TotWhImp"] == before[0]["TotWhImp"]
    assert grid["house"]["A"]["sun"] == 0.5


async def test_the_cable(sim: Simulator, api: Api) -> None:
    status, state = await api.post(f"/api/meters/{GRID}/cable", {"plugged": False})
    assert (status, state["meters"][0]["plugged"]) == (200, False)
    async with TcpClient(sim.tcp_port) as client:
        assert await client.ask(100, read_request(40000, 1)) is None
        await api.post(f"/api/meters/{GRID}/cable", {"plugged": True})
        assert await client.ask(100, read_request(40000, 1), patience=PATIENCE)


async def test_counters(sim: Simulator, api: Api) -> None:
    status, state = await api.post(f"/api/meters/{GRID}/counters", {"TotWhImp": 0, "TotWhExp": 5})
    assert status == 200
    truth = state["meters"][0]["truth"]
    assert (truth["TotWhImp"], truth["TotWhExp"]) == (0, 5)
    assert sim.meters[0].truth() == truth


async def test_history(sim: Simulator, api: Api) -> None:
    start = sim.clock.start - 7200
    status, past = await api.get(f"/api/history?start={start}&resolution=300")
    assert status == 200
    assert [meter["serial"] for meter in past["meters"]] == [GRID, SOLAR]
    spans = past["meters"][1]["spans"]
    assert [span["start"] for span in spans] == [start, start + 3600]
    assert spans[-1]["export_reading_wh"] == sim.meters[1].truth()["TotWhExp"]
    assert spans[-1]["export_wh"] == pytest.approx(-spans[-1]["mean_w"], rel=0.01)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/clock", {"speed": "fast"}),
        ("/api/clock", {}),
        ("/api/clock", []),
        (f"/api/meters/{GRID}/house", {"D": {"sun": 1}}),
        (f"/api/meters/{GRID}/house", {"A": 1}),
        (f"/api/meters/{GRID}/house", {"A": {"sun": 2}}),
        (f"/api/meters/{GRID}/cable", {"plugged": "no"}),
        (f"/api/meters/{GRID}/counters", {"TotWhImp": "0"}),
        (f"/api/meters/{GRID}/counters", {"W": 0}),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(api: Api, path: str, body: object) -> None:
    _, before = await api.get("/api/state")
    status, answer = await api.post(path, body)
    assert status == 400
    assert answer["error"]
    assert (await api.get("/api/state"))[1] == before


@pytest.mark.parametrize("query", ["", "?start=x", "?start=0&stop=1", "?start=99999999999"])
async def test_impossible_histories_are_refused(api: Api, query: str) -> None:
    status, answer = await api.get("/api/history" + query)
    assert status == 400
    assert answer["error"]


async def test_unknown_meters_are_not_found(api: Api) -> None:
    status, answer = await api.post("/api/meters/S0/cable", {"plugged": True})
    assert (status, answer["error"]) == (404, "no such meter")


async def test_a_tcp_port_that_was_taken_meanwhile_is_a_conflict(sim: Simulator, api: Api) -> None:
    await api.post(f"/api/meters/{SOLAR}/cable", {"plugged": False})
    await api.post(f"/api/meters/{GRID}/cable", {"plugged": False})
    squatter = Simulator(SimulatorConfig(tcp=[TcpConfig(port=sim.tcp_port)]))
    async with squatter:
        status, answer = await api.post(f"/api/meters/{GRID}/cable", {"plugged": True})
        assert status == 409
        assert "in use" in answer["error"]
    status, _ = await api.post(f"/api/meters/{GRID}/cable", {"plugged": True})
    assert status == 200


async def test_the_page_on_ipv6() -> None:
    async with Simulator(SimulatorConfig()) as sim, Page(sim, PageConfig(host="::1")) as page:
        assert re.fullmatch(r"http://\[::1\]:\d+", page.url)


def test_the_page_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        PageConfig(host="::")
