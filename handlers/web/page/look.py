"""How the file page looks: one sentence and one large button, for a phone and for old eyes."""

from html import escape
from typing import Final

from bot.language import _, current_language, pgettext

STYLE: Final = "page.css"


def confirm(root: str, token: str, *, is_upload: bool) -> str:
    """Return the page behind a link, which opens nothing until the officer presses: scanners follow links too.

    Args:
        root: The page's path, without a slash at the end.
        token: The form's token.
        is_upload: Whether a file is to be handed in.
    """
    heading = _upload_heading() if is_upload else _download_heading()
    sentence = _("The link opens once. After it is opened you have 10 minutes.")
    button = pgettext("page", "Continue")
    form = f'<form method="post">{_hidden(token)}<button class="main">{escape(button)}</button></form>'
    return _sheet(root, heading, _paragraph(sentence) + form)


def download(root: str, token: str, name: str) -> str:
    """Return the page that offers a file."""
    label = escape(pgettext("page", "Download the file"))
    link = f'<a class="main" href="{escape(root)}/s/file">{label}</a>'
    return _sheet(root, _download_heading(), f'<p class="name">{escape(name)}</p>{link}{_end(root, token)}')


def upload(root: str, token: str, megabytes: int) -> str:
    """Return the page on which a file of at most so many megabytes is handed in."""
    size = _("One file of at most %(megabytes)d MB. No state secrets.") % {"megabytes": megabytes}
    label, hand_in = escape(pgettext("page", "Choose a file")), escape(pgettext("page", "Upload"))
    form = (
        f'<form method="post" action="{escape(root)}/s" enctype="multipart/form-data">{_hidden(token)}'
        f'<label for="file">{label}</label><input id="file" type="file" name="file" required>'
        f'<button class="main">{hand_in}</button></form>'
    )
    return _sheet(root, _upload_heading(), _paragraph(size) + form + _end(root, token))


def received(root: str) -> str:
    """Return the page after a file came in."""
    return _sheet(root, _upload_heading(), _paragraph(_("Received. Please go back to the chat.")))


def ended(root: str) -> str:
    """Return the page after the officer ended the session."""
    sentence = _("You may close this page. For another file, please ask again in the chat.")
    return _sheet(root, pgettext("page", "Ended"), _paragraph(sentence))


def refused(root: str, sentence: str) -> str:
    """Return the page of a refusal."""
    return _sheet(root, pgettext("page", "Not possible"), f'<p role="alert">{escape(sentence)}</p>')


def too_many(root: str) -> str:
    """Return the page for an address that guesses."""
    return refused(root, _("Too many attempts. Please try again in a minute."))


def _sheet(root: str, heading: str, body: str) -> str:
    language = current_language().replace("_", "-")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(heading)}</title>"
        f'<link rel="stylesheet" href="{escape(root)}/{STYLE}"></head>'
        f"<body><main><h1>{escape(heading)}</h1>{body}</main></body></html>"
    )


def _download_heading() -> str:
    return pgettext("page", "Open a file")


def _upload_heading() -> str:
    return pgettext("page", "Upload a file")


def _paragraph(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>"


def _hidden(token: str) -> str:
    return f'<input type="hidden" name="form" value="{escape(token)}">'


def _end(root: str, token: str) -> str:
    label = escape(pgettext("page", "End and leave"))
    button = f'<button class="end">{label}</button>'
    return f'<form method="post" action="{escape(root)}/s/end">{_hidden(token)}{button}</form>'
