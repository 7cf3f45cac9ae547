"""Going to a page of Home Assistant."""

from playwright.async_api import Error, Page

_ATTEMPTS = 5


async def visit(page: Page, path: str) -> None:
    """Go to a page, also if the one before still goes somewhere by itself.

    After a click on *Save*, Home Assistant's frontend changes the address when it has the answer.
    That aborts a visit that has just begun.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            await page.goto(path)
        except Error as err:
            if "net::ERR_ABORTED" not in err.message:
                raise
        else:
            return
    await page.goto(path)


async def go(page: Page, path: str) -> None:
    """Go to a page as Home Assistant itself does, without loading all of it again.

    A dialog that closes goes back in the history, which would undo a step that is taken before.
    """
    await page.wait_for_function("!history.state?.open")
    await page.evaluate(
        """(path) => {
            history.pushState(null, "", path);
            window.dispatchEvent(new CustomEvent("location-changed"));
        }""",
        path,
    )
