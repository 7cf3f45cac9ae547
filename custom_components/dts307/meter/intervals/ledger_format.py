"""The ledger as JSON holds it. The keys are the stored format and stay when fields are renamed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..phases import TOTAL
from .estimate import Estimate
from .ledger import Ledger
from .seams import Seams, seams_from
from .track import Track


def ledger_as_dict(ledger: Ledger) -> dict[str, Any]:
    """Return what is stored of a ledger; the reads around interval borders are in another file."""
    return {
        "tracks": {name: track.as_pairs() for name, track in ledger.tracks.items()},
        "behind": {
            name: track.provisional.as_pairs()
            for name, track in ledger.tracks.items()
            if track.provisional
        },
        "meters": ledger.meters,
        "opened": ledger.opened,
        "credit": ledger.credit.as_dict(),
        "unread": ledger.unread,
        "edited": [at for at, part in ledger.edited if part == TOTAL],
        "edited_phases": [edit for edit in ledger.edited if edit[1] != TOTAL],
        "seams": _as_lists(ledger.seams),
        "phase_seams": {phase: _as_lists(seams) for phase, seams in ledger.phase_seams.items()},
    }


def ledger_from_dict(stored: Mapping[str, Any]) -> Ledger:
    """Return the ledger that ``ledger_as_dict`` described.

    Raises:
        KeyError, TypeError, ValueError: it is not such a ledger.
    """
    provisional = {name: Track.from_pairs(pairs) for name, pairs in dict(stored["behind"]).items()}
    tracks = {
        name: replace(Track.from_pairs(pairs), provisional=provisional.get(name))
        for name, pairs in dict(stored["tracks"]).items()
    }
    meters = tuple((float(since), str(name)) for since, name in stored["meters"])
    if tracks and not meters:
        raise ValueError("readings of no meter")
    edited = (*((at, TOTAL) for at in stored["edited"]), *stored["edited_phases"])
    return Ledger(
        tracks=tracks,
        meters=meters,
        opened=float(stored["opened"]),
        credit=Estimate.from_dict(stored["credit"]),
        unread=tuple((float(at), float(power)) for at, power in stored["unread"]),
        edited=tuple(sorted((float(at), str(part)) for at, part in edited)),
        seams=seams_from(stored["seams"]),
        phase_seams={
            phase: seams_from(seams) for phase, seams in dict(stored["phase_seams"]).items()
        },
    )


def _as_lists(seams: Seams) -> list[Sequence[float]]:
    return [seam.as_list() for seam in seams]
