"""What a busy household also switches: hobs and thermostats that cycle, drums, pumps and lamps."""

from .appliances import Appliance, Peak

_BREAKFAST = Peak(7.0, 0.7, 0.5)
_LUNCH = Peak(12.3, 0.6, 0.5)
_DINNER = Peak(18.6, 0.9, 0.7)
_DAYTIME = Peak(13.5, 4.5, 0.5)
_DARK = (Peak(6.5, 1.0, 0.6), Peak(20.5, 2.5, 0.9))


def _lamp(number: int, watts: float) -> Appliance:
    """Return a lamp in one room, on the phases in turn."""
    return Appliance(
        name=f"lamp {number}",
        phase=number % 3,
        watts=watts,
        power_factor=0.9,
        every=1500 + 240 * number,
        run=500 + 90 * number,
        chance=0.05,
        peaks=_DARK,
    )


BUSY_APPLIANCES = (
    Appliance(
        name="induction hob, large zone",
        phase=1,
        watts=1800,
        power_factor=0.98,
        every=5400,
        run=780,
        cycle=12,
        on=7,
        peaks=(_LUNCH, _DINNER),
    ),
    Appliance(
        name="induction hob, small zone",
        phase=0,
        watts=1100,
        power_factor=0.98,
        every=7200,
        run=900,
        cycle=18,
        on=6,
        peaks=(_BREAKFAST, _DINNER),
    ),
    Appliance(
        name="baking oven",
        phase=2,
        watts=2000,
        every=10800,
        run=2700,
        cycle=75,
        on=26,
        peaks=(_LUNCH, _DINNER),
    ),
    Appliance(
        name="washing machine's drum",
        phase=0,
        watts=240,
        power_factor=0.6,
        every=21600,
        run=2400,
        cycle=20,
        on=14,
        peaks=(Peak(10.5, 2.5, 0.6),),
    ),
    Appliance(
        name="tumble dryer",
        phase=1,
        watts=1900,
        every=21600,
        run=3600,
        cycle=210,
        on=150,
        peaks=(Peak(13.5, 2.5, 0.5),),
    ),
    Appliance(
        name="espresso machine",
        phase=0,
        watts=1350,
        every=14400,
        run=3600,
        cycle=90,
        on=13,
        peaks=(_BREAKFAST, Peak(15.5, 1.0, 0.4)),
    ),
    Appliance(
        name="microwave oven",
        phase=2,
        watts=1200,
        power_factor=0.95,
        every=2400,
        run=150,
        cycle=30,
        on=20,
        peaks=(_BREAKFAST, _LUNCH, _DINNER),
    ),
    Appliance(
        name="water pump",
        phase=1,
        watts=750,
        power_factor=0.85,
        every=1200,
        run=50,
        chance=0.15,
        peaks=(_BREAKFAST, _DAYTIME, _DINNER),
    ),
    Appliance(name="hair dryer", phase=0, watts=1600, every=5400, run=240, peaks=(_BREAKFAST,)),
    *(_lamp(number, watts) for number, watts in enumerate((12, 60, 24, 40, 9, 75))),
)
