"""Who does whose work on a day, worked out another way: everybody's place is moved on, day by day, until it rests.

Nothing of ``bot.cover`` is used here; a cover is a plain tuple (person, by, first day, last day or None), in the order
in which they were entered.
"""

import datetime as dt


def resolve(people: range, covers: list[tuple], gone: set[int], on: dt.date) -> dict[int, int | None]:
    """Return for each person who does their work on a day, None for nobody.

    A table of next hops is applied as often as there are people: whoever has come to rest by then has an end of the
    chain, and whoever still moves goes round in a circle.
    """
    hop = {person: person for person in people}
    for person, by, first, last in covers:
        if on in days(first, last, on):
            hop[person] = by
    places = {person: person for person in people}
    for _round in people:
        places = {person: hop[place] for person, place in places.items()}
    return {person: place if hop[place] == place and place not in gone else None for person, place in places.items()}


def days(first: dt.date, last: dt.date | None, until: dt.date) -> set[dt.date]:
    """Return the days of a leave one by one; an open one reaches to the day that is asked about."""
    length = ((last or max(first, until)) - first).days + 1
    return {first + dt.timedelta(days=n) for n in range(length)}
