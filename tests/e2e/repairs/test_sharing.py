"""Repairs about what a meter shares, and about prices."""

from contextlib import suppress
from functools import partial
import socket

from scripts.dev.client import wait_for
from scripts.dev.flows import set_options
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig

from .bench import Bench
from .clicks import leave, open_repair

KEYS = {"sharing_port_taken", "price_missing"}
ONLY_TOLD = {"sharing_not_listening", "sharing_unit_id_taken"}
"""Repairs like these, which tests/integration raises: they take a port without permission, and two
meters that were given one unit ID by hand."""
METERS = (MeterConfig(unit=100, serial="S30740100"),)


async def test_the_port_is_taken(bench: Bench) -> None:
    """The repair goes once the port is free."""
    async with bench.subject(bench.simulator.meters[0]) as subject:
        with socket.create_server((LOOPBACK, 0)) as taken:
            port = taken.getsockname()[1]
            shared = {"is_shared": True, "port": port, "adapter": "lo"}
            await set_options(bench.client, subject.entry_id, {"sharing"}, shared)
            await wait_for(partial(subject.issue, "sharing_port_taken"), "the repair")
            await open_repair(subject, "sharing_port_taken")
            await leave(subject)

        async def gone() -> bool:
            return await subject.issue("sharing_port_taken") is None

        await bench.advance(60)
        await wait_for(gone, "the repair to go")
        socket.create_connection((LOOPBACK, port)).close()
        await set_options(bench.client, subject.entry_id, {"sharing"}, {"is_shared": False})


async def test_a_price_is_missing(bench: Bench) -> None:
    """The repair goes once there is a price."""
    async with bench.subject(bench.simulator.meters[0]) as subject:
        price = {"import_price_entity": "sensor.price"}
        await set_options(bench.client, subject.entry_id, {"settings"}, price)

        async def cost() -> bool:
            """Return whether the meter is set up again, with its cost."""
            with suppress(LookupError):
                return bool(await subject.entity("energy_cost"))
            return False

        await wait_for(cost, "the cost")
        await subject.advance_until("price_missing", seconds=120, most=80)
        await open_repair(subject, "price_missing")
        await leave(subject)
        await bench.client.post("/api/states/sensor.price", {"state": "0.3"})
        await bench.advance(60)
        assert await subject.issue("price_missing") is None
