"""Papers as officers send them, made small: pictures and PDF files, good ones and hostile ones."""

import io
import struct
import zipfile
import zlib


def jpeg(body: bytes = b"\x00" * 64) -> bytes:
    """The frame of a picture of one pixel; nobody here looks at what is in it."""
    start = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    size = b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    return start + size + body + b"\xff\xd9"


def png() -> bytes:
    """One black pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def pdf(*objects: bytes) -> bytes:
    """A PDF of a few objects."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (at, each) for at, each in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"


PAGES = b"<< /Type /Catalog /Pages 2 0 R >>"
SCRIPT = b"<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
ESCAPED_SCRIPT = SCRIPT.replace(b"/JavaScript", b"/Java#53cript")
LAUNCH = b"<< /Type /Catalog /OpenAction << /S /Launch /F (calc.exe) >> >>"


def packed(inner: bytes, *, twice: bool = False, more: bytes = b"") -> bytes:
    """Objects packed inside a stream, as writers of today do it."""
    data = zlib.compress(zlib.compress(inner) if twice else inner)
    filters = b"[/FlateDecode /FlateDecode]" if twice else b"/FlateDecode"
    head = b"<< /Type /ObjStm /N 1 /First 4 /Filter %s /Length %d %s>>" % (filters, len(data), more)
    return head + b"\nstream\n" + data + b"\nendstream"


def archive() -> bytes:
    """A zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as inside:
        inside.writestr("run.exe", b"MZ")
    return made.getvalue()
