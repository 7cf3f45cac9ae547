"""Polls the meters of a bus, filters their counters, and has the results judged."""

import asyncio

from modbus_connection.tmodbus import ModbusConnection

from custom_components.dts307.meter import Meter, MeterError
from custom_components.dts307.meter.validation import questions
from simulator import Simulator
from tests.lines import network_data
from tests.wire.links import bus_of, default_timeout, params_of, resilient
from tests.wire.proxy import Proxy
from tests.wire.soak.judge import Judge
from tests.wire.soak.polled import Polled
from tests.wire.soak.report import Report

_SECONDS_BETWEEN_SAVES = 60.0
_SETTLING_ROUNDS = 500
_HURRY = 0.3
"""The share of the timeout after which a read is cancelled."""


class Soak:
    """The meters of a simulator, polled through a gateway."""

    def __init__(self, simulator: Simulator, gateway: Proxy) -> None:
        """Prepare; the first request comes with ``start``."""
        self.report = Report()
        self.simulator = simulator
        self.gateway = gateway
        self.polled = [Polled(meter, Judge(meter, self.report)) for meter in simulator.meters]
        self._data = network_data(simulator.tcp[0]) | {"port": gateway.port}
        self.timeout = default_timeout(self._data)
        self._bus = bus_of(self._data)
        self._connection = ModbusConnection(params_of(self._data))

    @property
    def now(self) -> float:
        """Simulated time, in s."""
        return float(self.simulator.clock.now)

    async def start(self) -> None:
        """Identify the meters over a new connection, as after a start of Home Assistant."""
        await self._connection.close()
        self._connection = ModbusConnection(params_of(self._data))
        for polled in self.polled:
            unit = resilient(
                self._connection.for_unit(polled.simulated.unit), self.timeout, self._bus
            )
            polled.meter = None
            while polled.meter is None:
                try:
                    polled.meter = await Meter.identify(unit, clock=lambda: self.now)
                except MeterError as err:
                    self.report.failures[type(err).__name__] += 1

    async def restart(self, *, killed: bool) -> None:
        """Restart from the saved filters, which after a kill are a minute old at most."""
        for polled in self.polled:
            if killed:
                polled.judge.forget_row()
            else:
                polled.save(self.now)
            polled.restore(latest=not killed)
        await self.start()

    async def stop(self) -> None:
        """Close the connection, and wait until the gateway notices."""
        await self._connection.close()
        await asyncio.sleep(self.timeout)

    async def round(self, seconds: int) -> None:
        """Let time pass, then poll every meter."""
        await asyncio.sleep(seconds)
        self.simulator.clock.advance(seconds, seconds)
        for polled in self.polled:
            await self._poll(polled)

    async def settle(self, seconds: int) -> None:
        """Poll without faults until all is settled, and judge the last published counters."""
        for _ in range(_SETTLING_ROUNDS):
            await self.round(seconds)
            if all(polled.judge.settled for polled in self.polled):
                break
        for polled in self.polled:
            polled.judge.judge_end()

    async def _poll(self, polled: Polled) -> None:
        assert polled.meter is not None
        self.report.polls += 1
        polled.judge.before_reading()
        try:
            async with asyncio.timeout(_HURRY * self.timeout if polled.hurried else None):
                reading = await polled.meter.read()
        except (MeterError, TimeoutError) as err:
            self.report.failures[type(err).__name__] += 1
            polled.judge.forget_row()
            return
        self.report.readings += 1
        polled.judge.judge_reading(reading, misread=polled.misread)
        checked = polled.validate(reading, self.now)
        if questions(polled.counters):
            self.report.deviate(f"{polled.judge.name} has a question")
        polled.save(self.now, _SECONDS_BETWEEN_SAVES)
        polled.judge.judge_published(checked, stale=polled.stale)
