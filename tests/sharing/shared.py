"""A meter that is shared, and a server for it, on a clock of their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network

from custom_components.dts307.meter import Meter
from custom_components.dts307.meter.sharing import RegisterImage, SharedMeter, SunSpecServer
from tests.meter.device import device_with
from tests.meter.published import encode

UNIT_ID = 100
POLL_INTERVAL = 5.0
"""s"""
MAX_AGE = 15.0
"""s; three polls"""


def model(model_id: int = 203, power: int = -1234) -> list[int]:
    """Return a meter model."""
    scales = {} if model_id > 210 else {"W_SF": 0, "TotWh_SF": 0}
    return encode(model_id, W=power, TotWhImp=70_001, Evt=8, **scales)


async def image_of(words: list[int], read_at: float = 0.0) -> RegisterImage:
    """Read a meter with this meter model, and return its image."""
    meter = await Meter.identify(device_with(words))
    return RegisterImage.of(meter, await meter.read(), read_at)


class Shared:
    """A meter whose image can be set."""

    def __init__(self, image: RegisterImage | None) -> None:
        """Share an image, or none yet."""
        self.image = image

    @property
    def meter(self) -> SharedMeter:
        """What the server gets."""
        return SharedMeter.polled(lambda: self.image, POLL_INTERVAL)


@asynccontextmanager
async def serving(
    image: RegisterImage | None,
    clock: Callable[[], float],
    *allowed: IPv4Network | IPv6Network,
) -> AsyncIterator[SunSpecServer]:
    """Serve an image on a free port."""
    server = SunSpecServer(["127.0.0.1"], 0, allowed=allowed, clock=clock)
    server.meters.add(UNIT_ID, Shared(image).meter)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
