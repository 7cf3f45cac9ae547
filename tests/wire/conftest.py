"""Measurements want the event loop as it runs in earnest."""

import asyncio

import pytest


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Leave debugging off, which the test plugin for Home Assistant switches on."""
    asyncio.get_running_loop().set_debug(False)
