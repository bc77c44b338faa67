"""A QR code as a picture, for an address that is easier scanned than typed."""

import io

SIDE_OF_A_SQUARE = 8  # pixels; an invitation's code is about 300 wide, right for a phone that scans another's screen


def drawn(address: str) -> bytes:
    """Return an address as a QR code, PNG."""
    import segno  # nobody but a coordinator who invites needs it

    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=SIDE_OF_A_SQUARE, border=4)
    return picture.getvalue()
