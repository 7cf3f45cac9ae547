"""axe-core looks at what a browser shows."""

from typing import Final

from playwright.async_api import Locator

from scripts.dev.processes import REPOSITORY

_AXE: Final = (REPOSITORY / "frontend/node_modules/axe-core/axe.min.js").read_text()
_FINDINGS: Final = """async (element) => {
    const { passes, violations } = await axe.run(element, { elementRef: false });
    const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, target, failureSummary }) => [
            id,
            target.flat().at(-1),
            `${id}: ${html}\\n${target.flat().join(" ")}\\n${failureSummary}`,
        ]),
    );
    return [passes.length, found];
}"""

HELP, EDITOR_HELP = ".help", 'a[target="_blank"][rel="noreferrer"]'
"""The links to our documents in the headings of dialogs."""
FOLDED: Final = "#summary"
"""What folds the sections of forms."""
_OF_HOME_ASSISTANT: Final = {
    # Its icons do not name them.
    ("link-name", HELP),
    ("link-name", EDITOR_HELP),
    # It names what it controls in another shadow than its own.
    ("aria-valid-attr-value", FOLDED),
}
_COLOURS: Final = "color-contrast"


async def assert_accessible(element: Locator) -> None:
    """Let axe-core look at an element of ours and all that is in it."""
    found = [text for *_, text in await _findings(element)]
    assert not found, "\n".join(found)


async def assert_dialog_accessible(dialog: Locator) -> None:
    """Let axe-core look at a dialog of Home Assistant that has our texts and elements in it.

    What is found in its own components is no finding, nor are the colours of its theme.
    """
    found = [
        text
        for rule, at, text in await _findings(dialog)
        if rule != _COLOURS and (rule, at) not in _OF_HOME_ASSISTANT
    ]
    assert not found, "\n".join(found)


async def _findings(element: Locator) -> list[tuple[str, str, str]]:
    """Return the rule, the selector and the explanation of each finding."""
    await element.page.evaluate(f"() => {{ if (!window.axe) {{ {_AXE} }} }}")
    passed, found = await element.evaluate(_FINDINGS)
    assert passed > 0
    return [(rule, at, text) for rule, at, text in found]
