"""Which deadline stands in an entry, for figures that count by it.

The centre's feedback has one once its receipt is confirmed: before that its day is only expected (预计), and while
papers are asked for (补正) the period stands still. What is not submitted yet has the last day to submit. Where the
counterpart applied, the bureau waits for nothing. Source: domain.md §0.3, §5.
"""

from typing import Final

from sqlalchemy import case

from storage.tables import Applicant, Item, ItemState, Request

_OWN: Final = Item.applicant == Applicant.BUREAU
FEEDBACK: Final = _OWN & (Item.state == ItemState.RECEIVED)
"""The centre's feedback is owed by ``Item.due_on``."""
SUBMISSION: Final = _OWN & (Item.state == ItemState.DRAFT)
"""The application is to be submitted by ``Request.submit_by_on``, where a decision is planned."""
ON: Final = case((FEEDBACK, Item.due_on), (SUBMISSION, Request.submit_by_on))
"""The local date of the deadline; null where there is none."""
