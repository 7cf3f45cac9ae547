"""A reload replaces everything above the connection, while a response may still be due."""

from modbus_connection import ModbusTimeoutError
import pytest

from custom_components.dts307.meter import Meter
from tests.wire.faults import Sooner
from tests.wire.rig import TIMEOUT
from tests.wire.scene import Scene


async def test_a_delayed_response_to_an_earlier_request(scene: Scene) -> None:
    """On RTU the library takes it for the response to the first request after the reload.

    That request has the same length here, and the result would be "no SunSpec map". So a new unit
    on a connection first waits until a response to the last request must have arrived.
    """
    meter, device = scene.ours.meter, scene.ours.device
    scene.put(Sooner(1.5 * TIMEOUT))
    with pytest.raises(ModbusTimeoutError):
        await scene.rig.unit(device).read_holding_registers(meter.model.address, 2)
    found = await Meter.identify(scene.rig.unit(device))
    assert found.identity == meter.identity
    assert found.model == meter.model
