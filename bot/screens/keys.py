"""The keyboard of a draft: every button names the draft and the version that it was made for."""

from dataclasses import dataclass

from bot.screens.screen import Button, Press, Style


@dataclass(frozen=True, slots=True)
class Keys:
    """Makes the buttons of one draft's screen.

    Args:
        draft_id: The draft.
        version: Its version; once it has grown, the buttons are stale.
    """

    draft_id: int
    version: int

    def press(self, verb: str, arg: str = "") -> Press:
        """Return what a button of this draft says."""
        return Press(verb, self.draft_id, self.version, arg)

    def button(self, text: str, verb: str, arg: str = "", *, style: Style | None = None) -> Button:
        """Return a button of this draft."""
        return Button(text, self.press(verb, arg), style)
