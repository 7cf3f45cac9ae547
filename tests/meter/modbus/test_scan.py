"""A search asks in the right order, and no more than it has to."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import hypothesis
from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import Identity, LinkDownError, NotSunSpecError
from custom_components.dts307.meter.modbus import (
    Ask,
    BusScan,
    Probe,
    ScanResult,
    ScanStage,
    UnusableSettingsError,
    network_passes,
    serial_passes,
)
from custom_components.dts307.meter.modbus.scan import LIKELY_UNIT_IDS, UNIT_IDS

SETTINGS = tuple("abcdef")
FACTORY = 100
unit_ids = st.integers(1, 247)
settings = st.sampled_from(SETTINGS)


@dataclass
class Devices:
    """Devices that hear one kind of settings; those with a serial number are meters."""

    settings: str
    serials: Mapping[int, str | None]
    unusable: frozenset[str] = frozenset()
    late: frozenset[int] = frozenset()
    """Units that answer when the next one is asked."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    is_open: bool = False
    failure: Exception | None = None
    _pending: frozenset[int] = frozenset()

    @asynccontextmanager
    async def opened(self, settings: str, patience: float) -> AsyncIterator[Ask]:
        """Open the bus, which nobody may have open."""
        assert not self.is_open
        assert 0 < patience < 1
        if self.failure:
            raise self.failure
        if settings in self.unusable:
            raise UnusableSettingsError(settings)

        async def ask(unit_id: int) -> frozenset[int]:
            self.asked.append((settings, unit_id))
            answer, self._pending = self._pending, frozenset()
            if settings == self.settings and unit_id in self.serials:
                if unit_id not in self.late:
                    return answer | {unit_id}
                self._pending = frozenset({unit_id})
            return answer

        self.is_open = True
        self._pending = frozenset()
        try:
            yield ask
        finally:
            self.is_open = False

    async def identify(self, settings: str, unit_id: int) -> Identity:
        """Tell who a device is, on a bus that nobody has open."""
        assert not self.is_open
        assert settings == self.settings
        serial = self.serials[unit_id]
        if serial is None:
            raise NotSunSpecError("another device")
        return Identity(serial_number=serial)


async def found(
    devices: Devices, *, thorough: bool = False, everything: bool = False, unit_id: int = FACTORY
) -> list[ScanResult[str]]:
    """Search, and see that progress is made in each stage and nobody is asked twice."""
    questions: list[Probe[str]] = []
    search = BusScan(
        devices,
        tuple(serial_passes(SETTINGS, [unit_id])),
        is_wanted=lambda finding: finding.identity is not None,
        on_question=questions.append,
        thorough=thorough,
        everything=everything,
    )
    findings = []
    async for finding in search.run():
        assert not devices.is_open
        findings.append(finding)
    assert not devices.is_open
    once_more = [each for each in set(devices.asked) if devices.asked.count(each) > 1]
    assert len(devices.asked) == len(set(devices.asked)) + len(once_more)
    assert {asked for _, asked in once_more} <= {unit_id}
    assert [(each.settings, each.unit_id) for each in questions] == devices.asked
    assert all(0 <= each.progress <= 1 for each in questions)
    for stage in (ScanStage.UNIT_IDS, ScanStage.EVERYTHING):
        progress = [each.progress for each in questions if each.stage is stage]
        if not findings:
            assert progress == sorted(progress)
    return findings


def places(findings: list[ScanResult[str]]) -> list[tuple[str, int]]:
    """Return where the meters were found."""
    return [(each.settings, each.unit_id) for each in findings if each.identity]


async def test_a_new_meter_is_found_with_the_first_question() -> None:
    devices = Devices("a", {FACTORY: "1"})
    assert places(await found(devices)) == [("a", FACTORY)]
    assert devices.asked[0] == ("a", FACTORY)
    # Then only those that may follow in the same panel.
    assert devices.asked[1:] == [("a", unit_id) for unit_id in range(101, 108)]


@pytest.mark.parametrize("at", SETTINGS)
async def test_other_settings_are_tried_before_other_unit_ids(at: str) -> None:
    devices = Devices(at, {FACTORY: "1"})
    assert places(await found(devices)) == [(at, FACTORY)]
    assert devices.asked[: SETTINGS.index(at) + 1] == [
        (each, FACTORY) for each in SETTINGS[: SETTINGS.index(at) + 1]
    ]


async def test_what_is_known_is_asked_first() -> None:
    devices = Devices("a", {17: "1"})
    assert places(await found(devices, unit_id=17)) == [("a", 17)]
    assert devices.asked[0] == ("a", 17)


async def test_meters_of_one_panel_are_found_together() -> None:
    devices = Devices("b", {100 + n: str(n) for n in range(8)} | {110: "far off"})
    assert places(await found(devices)) == [("b", 100 + n) for n in range(8)]


async def test_a_thorough_search_finds_all_on_the_bus() -> None:
    devices = Devices("b", {FACTORY: "1", 1: "2", 247: "3"})
    assert places(await found(devices, thorough=True)) == [("b", FACTORY), ("b", 1), ("b", 247)]


async def test_who_is_no_meter_tells_the_settings() -> None:
    """All devices on a bus have the same; nobody is asked with others any more."""
    devices = Devices("c", {FACTORY: None, 200: "1"})
    findings = await found(devices)
    assert isinstance(findings[0].error, NotSunSpecError)
    assert places(findings) == [("c", 200)]
    asked_later = devices.asked[devices.asked.index(("c", FACTORY)) :]
    assert {each for each, _ in asked_later} == {"c"}


async def test_minutes_are_only_spent_if_asked_for() -> None:
    devices = Devices("d", {17: "1"})
    assert await found(devices) == []
    assert len(devices.asked) == len(SETTINGS) + len(UNIT_IDS)


@hypothesis.settings(deadline=None)
@given(settings, unit_ids)
async def test_everything_finds_any_meter(at: str, unit_id: int) -> None:
    devices = Devices(at, {unit_id: "1"})
    assert places(await found(devices, everything=True)) == [(at, unit_id)]


async def test_nobody_is_forgotten() -> None:
    devices = Devices("none of them", {})
    assert await found(devices, everything=True) == []
    assert set(devices.asked) == {(each, unit_id) for each in SETTINGS for unit_id in UNIT_IDS}


async def test_settings_that_the_adapter_lacks_are_passed_over() -> None:
    devices = Devices("c", {FACTORY: "1"}, unusable=frozenset("ab"))
    assert places(await found(devices)) == [("c", FACTORY)]


async def test_late_answers_are_heard_all_the_same() -> None:
    """An answer that comes while the next unit is asked says itself whose it is."""
    devices = Devices("a", {17: "1", 40: "2"}, late=frozenset({17, 40}))
    assert places(await found(devices, thorough=True)) == [("a", 17), ("a", 40)]


def test_all_is_asked_on_the_network_in_the_end() -> None:
    """The likely unit ids come first, with either framing."""
    plan = list(network_passes(["tcp", "rtu"], [FACTORY]))
    assert [(leg.stage, leg.settings, len(leg.unit_ids)) for leg in plan] == [
        (ScanStage.SETTINGS, "tcp", 1),
        (ScanStage.SETTINGS, "rtu", 1),
        (ScanStage.UNIT_IDS, "tcp", len(LIKELY_UNIT_IDS)),
        (ScanStage.UNIT_IDS, "rtu", len(LIKELY_UNIT_IDS)),
        (ScanStage.EVERYTHING, "tcp", len(UNIT_IDS)),
        (ScanStage.EVERYTHING, "rtu", len(UNIT_IDS)),
    ]
    assert set(LIKELY_UNIT_IDS) < set(UNIT_IDS)


async def test_a_first_answer_that_is_late() -> None:
    """Its question is asked again, in a row in which it can be heard."""
    devices = Devices("a", {FACTORY: "1"}, late=frozenset({FACTORY}))
    assert places(await found(devices)) == [("a", FACTORY)]


async def test_a_link_that_fails_ends_the_search() -> None:
    devices = Devices("a", {FACTORY: "1"})
    devices.failure = LinkDownError("unplugged")
    with pytest.raises(LinkDownError):
        await found(devices)
