"""How files travel: through the bureau's own page where there is one, else through the chat with a warning.

Flows do not know which: they hand over a screen with a file, or one that wants a file (``design.md`` §3.9).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from bot.language import _, pgettext
from bot.screens.screen import Button, Screen, Style, esc, lines
from handlers.links import LINK_HOLDS, Links


class Travel:
    """Decides the way of files.

    Args:
        links: Makes links to the file page; None where the bureau has no page.
    """

    def __init__(self, links: Links | None) -> None:
        self._links = links

    def outgoing(self, screen: Screen, telegram_id: int, now: dt.datetime) -> Screen:
        """Return a screen as it goes out, in the language in force; one that has to do with no file goes as it is.

        Called once, when the answer or the notification is built: a link is made at that moment and holds 15 minutes.

        Args:
            screen: What the flow shows.
            telegram_id: The officer whom it goes to; links are theirs alone.
            now: Aware UTC time.
        """
        if screen.file is None and not screen.wants_file:
            return screen
        if self._links is None:
            return replace(screen, text=lines(screen.text, "", esc(_warning())))
        rows = tuple((button,) for button in _buttons(screen, telegram_id, now, self._links))
        return replace(
            screen, text=lines(screen.text, "", esc(_holds())), rows=rows + screen.rows, file=None, wants_file=False
        )


def _buttons(screen: Screen, telegram_id: int, now: dt.datetime, links: Links) -> Iterator[Button]:
    if screen.file is not None:
        address = links.download(telegram_id, screen.file, now)
        yield Button(pgettext("button", "Open the file"), url=address, style=Style.PRIMARY)
    if screen.wants_file:
        yield Button(pgettext("button", "Upload a file"), url=links.upload(telegram_id, now), style=Style.PRIMARY)


def _warning() -> str:
    return _("Files here travel through the messenger's servers: no work secrets, no sensitive or personal data")


def _holds() -> str:
    minutes = int(LINK_HOLDS.total_seconds()) // 60
    text = _("A link holds %(minutes)d minutes and opens once, in the bureau's network")
    return text % {"minutes": minutes}
