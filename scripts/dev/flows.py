"""Walk through any config flow by the forms it shows, as the frontend would."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from typing import Any

from .client import Client, HomeAssistantError, wait_for

_ENTRIES = "/api/config/config_entries/flow"
_OPTIONS = "/api/config/config_entries/options/flow"


async def add_entry(
    client: Client, handler: str, choices: AbstractSet[str], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """Add an integration and return its config entry.

    Menus are answered by the one of ``choices`` they offer; a field of a form by ``answers``, or
    else by its default or by what it is filled in with. What takes time is waited for.

    Raises:
        HomeAssistantError: the flow showed an error, or ended without an entry.
    """
    step = await _walk(client, _ENTRIES, handler, choices, answers)
    entry: dict[str, Any] = step["result"]
    return entry


async def set_options(
    client: Client, entry_id: str, choices: AbstractSet[str], answers: Mapping[str, Any]
) -> None:
    """Change options of a config entry; what ``answers`` does not name stays as it is.

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
        # A form that comes with a warning at once can be sent; one that comes back was refused.
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
    """Return the step of a flow that follows when what it is busy with is done."""

    async def following() -> dict[str, Any] | None:
        step: dict[str, Any] = await client.get(f"{flows}/{flow_id}")
        return None if step["type"] == "progress" else step

    step = await wait_for(following, "the flow to go on", seconds=600)
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
