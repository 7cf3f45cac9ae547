"""The pictures of the documents: taken here, and found stale here when they no longer are true."""

from io import BytesIO
import os
from pathlib import Path

from PIL import Image, ImageChops
from playwright.async_api import Locator, Page

from scripts.dev.client import HomeAssistantError, wait_for

SECONDS_TO_DRAW = 20
FOLDER = Path(__file__).parents[2] / "docs/images"
_COLOURS = 64
_DIFFERENT = 96
"""How far apart two shades of grey are that are not just two ways to draw the same edge."""
_MOST_DIFFERENT = 0.004
"""A sentence is more of a picture than this; a digit or two that changed are less."""


class StalePictureError(AssertionError):
    """The documents show something else than what there is to be seen."""


async def picture(
    of: Page | Locator, name: str, *, steady: bool = True, colours: int = _COLOURS
) -> None:
    """Take a picture for the documents, or see that theirs still looks like that.

    One that is not ``steady`` shows the hour or the weather, so that only its size is compared.
    With PICTURES=1 in the environment, all are taken again.
    """
    path = FOLDER / f"{name}.png"
    if os.environ.get("PICTURES") == "1":
        (await _seen(of)).quantize(colours).save(path, optimize=True)
        return
    kept = Image.open(path).convert("RGB") if path.exists() else None

    async def is_alike() -> bool:
        return kept is not None and _alike(kept, await _seen(of), steady=steady)

    try:
        # A busy machine may still be drawing.
        await wait_for(is_alike, f"what {path} shows", SECONDS_TO_DRAW)
    except HomeAssistantError as err:
        (await _seen(of)).save(Path("stale.png"))
        raise StalePictureError(
            f"{path} is not what there is to be seen (stale.png); "
            "PICTURES=1 scripts/test tests/e2e takes it anew"
        ) from err


async def _seen(of: Page | Locator) -> Image.Image:
    return Image.open(BytesIO(await of.screenshot(animations="disabled"))).convert("RGB")


def _alike(kept: Image.Image, seen: Image.Image, *, steady: bool) -> bool:
    if kept.size != seen.size:
        return False
    difference = ImageChops.difference(kept.convert("L"), seen.convert("L"))
    different = sum(difference.histogram()[_DIFFERENT:])
    return not steady or different <= _MOST_DIFFERENT * kept.width * kept.height
