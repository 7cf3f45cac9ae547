"""The current that an installation is made for, which only the owner can tell."""

from collections.abc import Mapping
from typing import Any

from .const import CONF_CT_RATING, CONF_CT_SETS


def service_current(options: Mapping[str, Any]) -> float | None:
    """Return the CT rating times the number of CT sets, in A (guide 3.4); None until it is told.

    No SunSpec register carries it.
    """
    rating: float | None = options.get(CONF_CT_RATING)
    return None if rating is None else rating * options[CONF_CT_SETS]
