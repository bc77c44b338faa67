"""The catalogue from any chat (``@bot words``): matters that fit, or one's own last ones."""

from typing import Final

from bot.identifiers import ID_NUMBER_MARKER
from bot.screens.inline import Card, card
from handlers.turn import Turn
from storage import recent

MOST: Final = 10  # results of one query
MOST_RECENT: Final = 5  # where nothing has been typed yet


async def find(turn: Turn, query: str) -> tuple[Card, ...]:
    """Return the cards of the matters that fit, best first; of words with an ID number in them, none.

    Args:
        turn: The officer's turn.
        query: What stands behind the bot's name.
    """
    if ID_NUMBER_MARKER in query:
        return ()
    in_force = {matter.code for matter in turn.policy.matters_on(turn.today)}
    if query.strip():
        codes = [code for code in turn.office.catalogue.find(query, limit=MOST) if code in in_force]
    else:
        own = await recent.newest_first(turn.session, turn.officer)
        codes = [code for code in own if code in in_force][:MOST_RECENT]
    return tuple(card(turn.policy, code, on=turn.today) for code in codes[:MOST])
