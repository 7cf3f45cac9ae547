"""Names of states, as the integration's sensors show them."""

from dts307.texts import translations


def state_name(sensor: str, state: str) -> str:
    """Return the name of a state of a sensor."""
    name: str = translations()["entity"]["sensor"][sensor]["state"][state]
    return name
