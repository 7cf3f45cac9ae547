"""Repairs about how a meter is connected and set up, and that no repair is left out."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from scripts.dev.client import wait_for
from scripts.dev.flows import add_entry
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig
from tests.e2e.axe import assert_dialog_accessible
from tests.e2e.flow import dialog, fill, submit

from . import test_counters, test_installation, test_sharing
from .bench import Bench, Subject
from .clicks import CUT, ISSUES, answer, choose, confirm, ignore, leave, open_repair, take_advice

SILENT, UNRATED, FOR_ENERGY, ELSEWHERE, ON_A_PORT = range(5)
KEYS = {
    "not_answering",
    "ct_rating_missing",
    "not_in_energy_dashboard",
    "meter_replaced",
    "unstable_port",
}
OTHER_ANSWERS = {
    ("meter_replaced", "elsewhere"),
    ("ct_rating_missing", "ct_rating"),
    ("ct_rating_missing", "ignore"),
    ("not_in_energy_dashboard", "confirm"),
    ("not_in_energy_dashboard", "ignore"),
    ("unstable_port", "confirm"),
    ("unstable_port", "ignore"),
}
"""Answers that are given in this module."""
UNITS = (100, 101, 102, 103, 200)
"""The last one is so far away that the search on the network ends before it."""
METERS = tuple(MeterConfig(unit=unit, serial=f"S3073{unit:04d}") for unit in UNITS)


async def test_a_meter_does_not_answer(bench: Bench) -> None:
    """After ten minutes the repair has the reason; with the cable, it goes."""
    async with bench.subject(bench.simulator.meters[SILENT]) as subject:
        await subject.set_plugged(plugged=False)
        while not await subject.issue("not_answering"):
            await subject.miss_a_poll()
        assert await subject.state("power") == "unavailable"
        await open_repair(subject, "not_answering")
        await leave(subject)
        await subject.set_plugged(plugged=True)
        await bench.advance(60)
        assert await subject.issue("not_answering") is None
        assert await subject.state("link_state") == "ok"


async def test_the_ct_rating_is_ignored_for_good(bench: Bench) -> None:
    """It is raised again when the meter is set up, and still is among the ignored repairs."""
    async with bench.subject(bench.simulator.meters[UNRATED]) as subject:
        key = "ct_rating_missing"
        await bench.advance(86_400)
        await ignore(subject, key)
        await bench.client.post(f"/api/config/config_entries/entry/{subject.entry_id}/reload", {})
        await bench.advance(86_400)
        shown = bench.page.get_by_text(ISSUES[key]["title"].partition("{name}")[0])
        await expect(shown).to_have_count(0)
        await bench.page.get_by_label("Menu").last.click()
        await bench.page.get_by_text("Show ignored repairs").click()
        await expect(shown).to_be_visible()


async def test_the_ct_rating_is_entered(bench: Bench) -> None:
    """It is asked for after a day; the form says what it can be."""
    async with bench.subject(bench.simulator.meters[UNRATED]) as subject:
        await bench.advance(86_400)
        await assert_dialog_accessible(await open_repair(subject, "ct_rating_missing"))
        await choose(subject, "ct_rating_missing", "ct_rating")
        # It is not filled in, so that nothing is stored that was not entered.
        await submit(bench.page)
        refused = ISSUES["ct_rating_missing"]["fix_flow"]["error"]["ct_rating_range"]
        await expect(dialog(bench.page).get_by_text(refused)).to_be_visible()
        await assert_dialog_accessible(dialog(bench.page))
        await fill(bench.page, "CT rating", "0.5")
        await submit(bench.page)
        await expect(dialog(bench.page).get_by_text(refused)).to_be_visible()
        await fill(bench.page, "CT rating", "200")
        await confirm(subject)
        assert await subject.issue("ct_rating_missing") is None

        async def current_level() -> bool:
            with suppress(LookupError):  # It comes with the entry, which is set up again.
                entity_id = await subject.entity("current_level")
                shown = await bench.client.states()
                return shown.get(entity_id) not in {None, "unknown", "unavailable"}
            return False

        await wait_for(current_level, "the current level")


async def test_the_energy_dashboard_gets_a_meter_later(bench: Bench) -> None:
    """It was not added, because its owner had disabled a sensor before it was deleted."""
    meter = bench.simulator.meters[FOR_ENERGY]
    before = await bench.subject_of(meter)
    power = await before.entity("power")
    registry = "config/entity_registry/update"
    await bench.client.command(registry, entity_id=power, disabled_by="user")
    await bench.client.delete(f"/api/config/config_entries/entry/{before.entry_id}")
    found = {"host": LOOPBACK, "port": bench.simulator.tcp_port, "unit_id": meter.unit}
    wanted = {"role": "grid", "energy": [meter.serial]}
    await add_entry(bench.client, "dts307", {"network"}, {**found, **wanted})
    subject = await bench.subject_of(meter)
    key = "not_in_energy_dashboard"
    await ignore(subject, key)
    await subject.stop_ignoring(key)
    await open_repair(subject, key)
    await choose(subject, key, "confirm")
    await take_advice(subject, key, "sensor_disabled")
    await bench.client.command(registry, entity_id=power, disabled_by=None)
    await open_repair(subject, key)
    await answer(subject, key, "confirm")
    assert await subject.issue(key) is None
    (source,) = (await bench.client.command("energy/get_prefs"))["energy_sources"]
    assert source["stat_rate"] == power
    await bench.set_enabled(subject.entry_id, enabled=False)


async def test_another_meter_is_not_a_new_one(bench: Bench) -> None:
    """The repair gives advice, and goes when the own meter is back."""
    async with bench.subject(bench.simulator.meters[ELSEWHERE]) as subject:
        own = subject.meter.serial
        await test_counters.replace(subject, {"TotWhImp": 400_000})
        await bench.advance(60)
        await open_repair(subject, "meter_replaced")
        await choose(subject, "meter_replaced", "elsewhere")
        await take_advice(subject, "meter_replaced", "reconfigure")
        assert await subject.issue("meter_replaced")
        assert await subject.state("power") == "unavailable"
        subject.meter.become(own, {})
        await bench.advance(60, times=2)
        assert await subject.issue("meter_replaced") is None
        assert await subject.state("link_state") == "ok"


async def test_the_path_of_a_port_is_stored(bench: Bench) -> None:
    """The entry opens the port by its persistent path from then on."""
    path = bench.simulator.pty_path
    persistent = bench.ports / "by-id/usb-FTDI_FT232R_A10K-if00-port0"
    persistent.parent.mkdir(parents=True)
    await bench.add("serial", {"device": path}, unit_id=UNITS[ON_A_PORT])
    persistent.symlink_to(path)
    try:
        async with bench.subject(bench.simulator.meters[ON_A_PORT]) as subject:
            key = "unstable_port"
            await ignore(subject, key)
            await subject.stop_ignoring(key)
            await open_repair(subject, key)
            await answer(subject, key, "confirm")
            assert await subject.issue(key) is None
            assert await port_of(subject) == persistent
            await bench.advance(60)
            assert await subject.state("link_state") == "ok"
    finally:
        persistent.unlink()


async def port_of(subject: Subject) -> Path:
    """Return the port that the form of the reconfiguration shows."""
    flows, client = "/api/config/config_entries/flow", subject.bench.client
    menu = await client.post(flows, {"handler": "dts307", "entry_id": subject.entry_id})
    form: dict[str, Any] = await client.post(
        f"{flows}/{menu['flow_id']}", {"next_step_id": "serial"}
    )
    (device,) = (field for field in form["data_schema"] if field["name"] == "device")
    return Path(device.get("default") or device["description"]["suggested_value"])


async def test_a_text_that_is_cut_is_noticed(bench: Bench) -> None:
    short = "width: 9px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis"
    found = await bench.page.evaluate(
        f"""() => {{
            const host = document.createElement("div");
            host.attachShadow({{ mode: "open" }}).innerHTML = '<p style="{short}">Much</p>';
            document.body.append(host);
            const cut = ({CUT})(host);
            host.remove();
            return cut;
        }}"""
    )
    assert found == ["Much"]


async def test_no_repair_and_no_answer_is_left_out() -> None:
    cases = test_counters.CASES
    installation = {case.key for case in test_installation.CASES}
    told = test_sharing.KEYS | test_sharing.ONLY_TOLD
    assert KEYS | installation | {case.key for case in cases} | told == ISSUES.keys()
    given = {(case.key, case.choice) for case in cases} | OTHER_ANSWERS
    assert given == {
        (key, choice)
        for key, texts in ISSUES.items()
        for step in texts.get("fix_flow", {"step": {}})["step"].values()
        for choice in step.get("menu_options", ())
    }
