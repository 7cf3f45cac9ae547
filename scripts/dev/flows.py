"""Go through a config flow by the forms that it shows, as the frontend does."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from typing import Any

from .client import Client, HomeAssistantError, wait_for

_ENTRIES = "/api/config/config_entries/flow"
_OPTIONS = "/api/config/config_entries/options/flow"


async def add_entry(
    client: Client, handler: str, choices: AbstractSet[str], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """Add an integration and return its config entry.

    A menu is answered with the item in ``choices``, a field of a form from ``answers``, or else
    with its default or suggested value. Progress steps are waited for.

    Raises:
        HomeAssistantError: the flow showed an error, or ended without an entry.
    """
    step = await _walk(client, _ENTRIES, handler, choices, answers)
    entry: dict[str, Any] = step["result"]
    return entry


async def set_options(
    client: Client, entry_id: str, choices: AbstractSet[str], answers: Mapping[str, Any]
) -> None:
    """Change options of a config entry; those missing in ``answers`` are unchanged.

    Raises:
        HomeAssistantError: the flow showed an error, or ended without a change.
    """
    await _walk(client, _OPTIONS, entry_id, choices, answers)


async def _walk(
    client: Client,
    flows: str,
    handler: str,
    choices: AbstractSet[str],
    answers: Mapping[str, Any],
) -> dict[str, Any]:
    step: dict[str, Any] = await client.post(flows, {"handler": handler})
    sent = ""
    while step["type"] in {"menu", "form", "progress"}:
        if step["type"] == "progress":
            step = await _when_done(client, flows, step["flow_id"])
            continue
        # Errors on the first display are warnings; only a form that is shown again was refused.
        if step.get("errors") and step["step_id"] == sent:
            raise HomeAssistantError(f"{handler}, step {step['step_id']}: {step['errors']}")
        sent = step["step_id"]
        if step["type"] == "menu":
            answer = {"next_step_id": next(iter(choices & set(step["menu_options"])))}
        else:
            answer = _filled(step["data_schema"], answers)
        step = await client.post(f"{flows}/{step['flow_id']}", answer)
    if step["type"] != "create_entry":
        raise HomeAssistantError(f"{handler}: {step['type']}, {step.get('reason')}")
    return step


async def _when_done(client: Client, flows: str, flow_id: str) -> dict[str, Any]:
    """Return the step that follows a progress step."""

    async def following() -> dict[str, Any] | None:
        step: dict[str, Any] = await client.get(f"{flows}/{flow_id}")
        return None if step["type"] == "progress" else step

    step = await wait_for(following, "the flow to continue", seconds=600)
    if step is None:
        raise HomeAssistantError("the flow ended")
    return step


def _filled(schema: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for field in schema:
        name = field["name"]
        if field.get("type") == "expandable":
            filled[name] = _filled(field["schema"], answers)
        elif name in answers:
            filled[name] = answers[name]
        elif "default" in field:
            filled[name] = field["default"]
        elif "suggested_value" in (field.get("description") or {}):
            filled[name] = field["description"]["suggested_value"]
    return filled
