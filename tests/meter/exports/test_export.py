"""What an exported file is called, and what cannot be exported."""

from datetime import date

import pytest

from custom_components.dts307.meter.exports import Format, NothingToExportError, export
from tests.meter.exports.days import DST_ENDS, days, source


@pytest.mark.parametrize(
    ("chosen", "content_type", "ending"),
    [
        (Format.CSV, "text/csv", "2026-10_2026-11.csv"),
        (Format.GREEN_BUTTON, "application/atom+xml", "2026-10_2026-11_green_button.xml"),
        (Format.NEM12, "text/csv", "2026-10_2026-11_nem12.csv"),
    ],
)
def test_a_file_is_named_for_its_months(chosen: Format, content_type: str, ending: str) -> None:
    exported = export(chosen, days(date(2026, 10, 30), 4), source())
    assert (exported.content_type, exported.ending) == (content_type, ending)


def test_a_month_is_named_once() -> None:
    """It ends with the start of the next one, which is not part of it."""
    assert export(Format.CSV, days(DST_ENDS, 30), source()).ending == "2026-11.csv"


@pytest.mark.parametrize("chosen", Format)
def test_nothing_to_export(chosen: Format) -> None:
    with pytest.raises(NothingToExportError):
        export(chosen, [], source())
