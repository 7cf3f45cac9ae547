"""A reload makes anew all that stands above the connection; an answer that is due does not know."""

from modbus_connection import ModbusTimeoutError
import pytest

from custom_components.dts307.meter import Meter
from tests.wire.faults import Sooner
from tests.wire.rig import TIMEOUT
from tests.wire.scene import Scene


async def test_a_late_answer_to_whoever_asked_before(scene: Scene) -> None:
    """On RTU the library takes it for the answer to the first question after the reload.

    That one is of the same length here, and would be told that there is no SunSpec map. So whoever
    comes anew to a connection first waits until an answer to whoever asked last must have come.
    """
    meter, device = scene.ours.meter, scene.ours.device
    scene.put(Sooner(1.5 * TIMEOUT))
    with pytest.raises(ModbusTimeoutError):
        await scene.rig.unit(device).read_holding_registers(meter.model.address, 2)
    found = await Meter.identify(scene.rig.unit(device))
    assert found.identity == meter.identity
    assert found.model == meter.model
