"""The contenders, each on its own bus, and the check that they read the same."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from custom_components.dts307.meter.modbus import LINK_TIMING
from tests.wire.wire import Timing

from .bus import running_bus
from .contender import Contender
from .integration import Integration, WholeModel, bus_address
from .pysunspec import PySunSpec
from .yaml_modbus import YamlModbus


class ContendersDisagreeError(Exception):
    """The contenders do not read the same values, so they cannot be compared."""


@dataclass(frozen=True)
class Field:
    """The contenders; our two kinds of poll share one bus, but never at the same time."""

    integration: Integration
    whole_model: WholeModel
    pysunspec: PySunSpec
    yaml_modbus: YamlModbus

    @property
    def all(self) -> tuple[Contender, ...]:
        """The contenders in the order of the table."""
        return (self.integration, self.whole_model, self.pysunspec, self.yaml_modbus)

    @property
    def fast(self) -> tuple[Contender, ...]:
        """The contenders that poll a meter with one request."""
        return (self.integration, self.whole_model, self.pysunspec)


@asynccontextmanager
async def running_field(
    folder: Path, meters: int, timing: Timing | None = None
) -> AsyncIterator[Field]:
    """Run the buses with ``meters`` meters each, and open the contenders' ports.

    Raises:
        HomeAssistantError: the meters did not start.
        ContendersDisagreeError: the contenders do not read the same values.
    """
    async with AsyncExitStack() as stack:
        ours, theirs, yamls = [
            await stack.enter_async_context(running_bus(folder, name, meters=meters, timing=timing))
            for name in ("dts307", "pysunspec2", "yaml")
        ]
        integration = await stack.enter_async_context(Integration.on(ours))
        timeout = LINK_TIMING.response_timeout(bus_address(ours).baudrate)
        pysunspec = await stack.enter_async_context(PySunSpec.on(theirs, timeout))
        yaml_modbus = await stack.enter_async_context(
            YamlModbus.on(yamls, pysunspec.model_address, pysunspec.exponents, folder)
        )
        field = Field(integration, WholeModel(integration), pysunspec, yaml_modbus)
        await _compare_values(field)
        yield field


async def _compare_values(field: Field) -> None:
    units = field.integration.bus.units[:1]
    expected = (await field.integration.poll(units))[0]
    for contender in field.all:
        values = (await contender.poll(units))[0]
        if expected is None or values is None or any(values[x] != expected[x] for x in expected):
            raise ContendersDisagreeError(f"{contender.name} reads {values}, not {expected}")
