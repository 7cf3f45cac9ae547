"""A meter at 19200 8E1 under unit id 17, of which the owner knows the unit id alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import override

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, signed_in, wait_for
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import free_port
from simulator import MeterConfig
from tests.device import Device
from tests.e2e.visit import visit
from tests.uart import UartLine

from .axe import assert_dialog_accessible
from .flow import begin_setup, choose_port, dialog, fill, finish, submit
from .pictures import picture

UNIT_ID = 17


class ToldLine(UartLine):
    """A line that reads its parity from a file that another process writes."""

    def __init__(self, device: Device, link: Path, told: Path) -> None:
        """Serve a device at 19200 8E1."""
        self._told = told
        super().__init__(device, baud=19200, parity="E", link=link, turnaround=0.02)

    @property
    @override
    def port_parity(self) -> str:
        return self._told.read_text() if self._told.exists() else "N"

    @port_parity.setter
    def port_parity(self, parity: str) -> None:
        """Leave it to the other process."""


@pytest.fixture
async def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UartLine]:
    """Serve the meter, and have Home Assistant, which starts later, write its parity to a file."""
    told = tmp_path / "parity"
    monkeypatch.setenv("PARITY_FILE", str(told))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "parity"))
    line = ToldLine(Device(MeterConfig(unit=UNIT_ID)), tmp_path / "rs485", told)
    await line.open()
    try:
        yield line
    finally:
        await line.close()


@pytest.fixture
async def home_assistant(
    line: UartLine,  # noqa: ARG001 - it prepares the environment of this Home Assistant
    tmp_path: Path,
) -> AsyncIterator[Client]:
    """Start a Home Assistant of its own, which passes its parity to the line."""
    async with (
        running_home_assistant(tmp_path, free_port()) as started,
        signed_in(started.url) as client,
    ):
        await client.wait_until_running()
        yield client


async def test_speed_and_parity_are_found_out(
    line: UartLine, home_assistant: Client, page: Page
) -> None:
    """What is known is asked first, with all speeds and parities; later, they may change."""
    await begin_setup(page, "Serial port")
    await dialog(page).get_by_text("Known settings").click()
    await expect(dialog(page).get_by_text("Stop bits", exact=True)).to_be_visible()
    await picture(dialog(page).locator("dialog"), "serial")
    await assert_dialog_accessible(dialog(page))
    await choose_port(page, line.path)
    await fill(page, "Unit ID", str(UNIT_ID))
    await submit(page)
    await expect(dialog(page).get_by_text("Meter 1 of 1")).to_be_visible()
    await submit(page)
    await expect(dialog(page).get_by_text("Does this look right?")).to_be_visible()
    await submit(page)
    await finish(page)

    async def answers() -> bool:
        states = await home_assistant.states()
        return states.get("sensor.dts_307_link") == "ok"

    async def answers_no_more() -> bool:
        return not await answers()

    await wait_for(answers, "the meter to be read")
    assert line.tried[-1] == (19200, "E")

    line.baud, line.parity = 38400, "N"
    await wait_for(answers_no_more, "the meter to be missed")
    await visit(page, "/config/integrations/integration/dts307")
    await page.locator("ha-config-entry-row ha-dropdown").first.click()
    await page.get_by_text("Reconfigure", exact=True).first.click()
    await dialog(page).get_by_text("Serial port", exact=True).click()
    await expect(dialog(page).get_by_text("Select the port")).to_be_visible()
    await submit(page)
    reached = dialog(page).get_by_text("Reconfiguration was successful")
    await expect(reached).to_be_visible()
    await wait_for(answers, "the meter to be read at its new speed")
    assert line.tried[-1] == (38400, "N")
