"""Check characters by the letter of the standards, and generators of fictitious but valid numbers."""

import random
from datetime import date, timedelta

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LEGACY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# Areas of the city and elsewhere, one dissolved long ago and one that never was.
AREAS = ("410102", "410122", "410181", "410185", "110105", "440524", "512301", "419999")
REGIONS = ("410100", "410102", "410119", "410181", "419001", "110108", "320119", "440320", "500120")


def code_with_check(body: str) -> str:
    """Return a unified social credit code from its first 17 characters (GB 32100)."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, _CODE_WEIGHTS, strict=True))
    return body + ALPHABET[(31 - total % 31) % 31]


def legacy_with_check(body: str) -> str:
    """Return an organisation code from its first 8 characters (GB 11714)."""
    total = sum(int(c, 36) * w for c, w in zip(body, _LEGACY_WEIGHTS, strict=True))
    check = 11 - total % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def id_with_check(body: str) -> str:
    """Return an ID number from its first 17 digits (GB 11643)."""
    total = sum(int(c) * w for c, w in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def random_code(rng: random.Random, prefixes: tuple[str, ...] = ("91", "92", "93", "12", "51", "52", "53")) -> str:
    """Return a fictitious code; every third one has digits only before its check character."""
    letters = rng.choice(("0123456789", ALPHABET[:24], ALPHABET))
    legacy = legacy_with_check("".join(rng.choice(letters) for _ in range(8)))
    return code_with_check(rng.choice(prefixes) + rng.choice(REGIONS) + legacy)


def random_birthday(rng: random.Random) -> date:
    """Return a day from 1900 to 2026."""
    return date(1900, 1, 1) + timedelta(days=rng.randrange(46_000))


def random_id(rng: random.Random) -> str:
    """Return a fictitious ID number of 18 characters."""
    return id_with_check(f"{rng.choice(AREAS)}{random_birthday(rng):%Y%m%d}{rng.randrange(1000):03}")


def random_old_id(rng: random.Random) -> str:
    """Return a fictitious ID number of 15 digits."""
    born_on = random_birthday(rng).replace(year=rng.randrange(1901, 2000), day=rng.randrange(1, 29))
    return f"{rng.choice(AREAS[:-1])}{born_on:%y%m%d}{rng.randrange(1000):03}"
