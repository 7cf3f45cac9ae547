"""A Home Assistant of this checkout's own: its configuration folder, its start and its end."""

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

# The integrations that an Energy dashboard and its history need, beyond those that Home Assistant
# always loads. Its default_config would listen to the network for devices to discover.
_CONFIGURATION = """\
# Written once by scripts/develop; yours to change. Delete the folder to begin anew.
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
    # Cameras and speech, always loaded, miss programs that the demo has no use for.
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""


@dataclass(frozen=True)
class RunningHomeAssistant:
    """Where a started Home Assistant answers, and the process it is."""

    url: str
    process: Process


def prepare_configuration(config_dir: Path, port: int) -> None:
    """Fill ``config_dir`` so that Home Assistant starts on loopback and asks only for an owner."""
    storage = config_dir / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    if not (yaml := config_dir / "configuration.yaml").exists():
        yaml.write_text(_CONFIGURATION)
        # Home Assistant writes the automations that are made in its editor into this file.
        (config_dir / "automations.yaml").touch()
    components = config_dir / "custom_components"
    components.unlink(missing_ok=True)
    components.symlink_to(REPOSITORY / "custom_components")
    _write_store(
        storage,
        "http",
        version=3,
        data={
            # The start expects each of these; nothing but the address differs from the defaults.
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
    # Names of the local network are of no interest here, so that only loopback is listened to.
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
    config_dir: Path, port: int
) -> AsyncIterator[RunningHomeAssistant]:
    """Run Home Assistant on ``config_dir`` until the context ends; enter as soon as it answers.

    Raises:
        StartError: Home Assistant ended, or did not answer within two minutes.
    """
    prepare_configuration(config_dir, port)
    command = (sys.executable, "-m", "homeassistant", "--config", str(config_dir), "--skip-pip")
    log = config_dir / "console.log"
    async with running(command, log) as process:
        url = f"http://{LOOPBACK}:{port}"
        await wait_until_answering(process, url, log)
        yield RunningHomeAssistant(url=url, process=process)
