"""Run a Home Assistant with a configuration folder in this checkout."""

from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from pathlib import Path
import sys
from typing import Any

from .processes import LOOPBACK, REPOSITORY, running, wait_until_answering

# The integrations that the Energy dashboard and history need, besides those that Home Assistant
# always loads. default_config would scan the network for devices.
_CONFIGURATION = """\
# Written once by scripts/develop; change it as you like. Delete the folder to start again.
frontend:
automation: !include automations.yaml
energy:
history:
logbook:
my:
logger:
  default: warning
  logs:
    custom_components.dts307: info
    # Cameras and speech are always loaded, and log programs that are missing.
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""


@dataclass(frozen=True)
class RunningHomeAssistant:
    """The URL and the process of a running Home Assistant."""

    url: str
    process: Process


_INTEGRATIONS = REPOSITORY / "custom_components"


def prepare_configuration(config_dir: Path, port: int, integrations: Path = _INTEGRATIONS) -> None:
    """Fill ``config_dir`` so that Home Assistant starts on loopback, and only lacks an owner.

    It finds the custom integrations in the folder ``integrations``.
    """
    storage = config_dir / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    if not (yaml := config_dir / "configuration.yaml").exists():
        yaml.write_text(_CONFIGURATION)
        # The automation editor writes into this file.
        (config_dir / "automations.yaml").touch()
    components = config_dir / "custom_components"
    components.unlink(missing_ok=True)
    components.symlink_to(integrations)
    _write_store(
        storage,
        "http",
        version=3,
        data={
            # Home Assistant expects all of these keys. Only host and port differ from the defaults.
            "stable": {
                "server_host": [LOOPBACK],
                "server_port": port,
                "cors_allowed_origins": [],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "intermediate_v6",
                "use_x_frame_options": True,
                "created_at": datetime.now(UTC).isoformat(),
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        },
    )
    # Use only the loopback interface, so that nothing listens on the local network.
    _write_store(storage, "core.network", version=1, data={"configured_adapters": ["lo"]})
    if not (storage / "onboarding").exists():
        _write_store(
            storage,
            "onboarding",
            version=4,
            data={"done": ["core_config", "analytics", "integration"]},
        )


def _write_store(storage: Path, key: str, *, version: int, data: dict[str, Any]) -> None:
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content))


@asynccontextmanager
async def running_home_assistant(
    config_dir: Path, port: int, integrations: Path = _INTEGRATIONS
) -> AsyncIterator[RunningHomeAssistant]:
    """Run Home Assistant on ``config_dir`` until the context ends; enter once it answers.

    ``integrations`` is the folder with its custom integrations.

    Raises:
        StartError: Home Assistant ended, or did not answer within two minutes.
    """
    prepare_configuration(config_dir, port, integrations)
    command = (sys.executable, "-m", "homeassistant", "--config", str(config_dir), "--skip-pip")
    log = config_dir / "console.log"
    async with running(command, log) as process:
        url = f"http://{LOOPBACK}:{port}"
        await wait_until_answering(process, url, log)
        yield RunningHomeAssistant(url=url, process=process)
