"""What an examination has found, what it could not judge, and what is in order."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, or looks wrong."""

    key: str
    """of the integration's text where it has one"""
    title: str
    text: str
    """what it means, and what to do next"""
    certain: bool = True
    """False if something else may be the reason, which the text names"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """Something that could not be judged, and what is needed for that."""

    key: str
    text: str


type Verdict = Finding | NotJudged | str
"""The result of one check; a text says what is in order."""


@dataclass(slots=True, kw_only=True)
class Report:
    """The results of all checks that were made."""

    where: str
    unit_id: int
    identity: dict[str, str] | None = None
    """what the meter says of itself; None if it did not answer"""
    readings: int = 0
    failed: int = 0
    """attempts that brought no reading"""
    found: list[Finding] = field(default_factory=list)
    not_judged: list[NotJudged] = field(default_factory=list)
    in_order: list[str] = field(default_factory=list)

    def add(self, *verdicts: Verdict) -> None:
        """Add the results of checks."""
        for verdict in verdicts:
            if isinstance(verdict, Finding):
                self.found.append(verdict)
            elif isinstance(verdict, NotJudged):
                self.not_judged.append(verdict)
            else:
                self.in_order.append(verdict)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return asdict(self)
