"""What was sent against what is there: nothing lost, nothing doubled, no step of a draft gone."""

from collections import Counter
from typing import Any

from storage.tables import Audit, Draft, Inbox, InboxState, Outbox
from tests.drills.crowd import COUNTED, Interrupted, Sent


class Ledger:
    """What was sent against what is there."""

    def __init__(
        self,
        *,
        sent: Sent,
        interrupted: Interrupted,
        inbox: list[Inbox],
        audit: list[Audit],
        drafts: list[Draft],
        people: dict[int, int],
        languages: dict[int, str],
        outbox: list[Outbox],
    ) -> None:
        self.sent, self.inbox, self.audit, self.drafts = sent, inbox, audit, drafts
        self.interrupted = interrupted
        self.people, self.languages, self.outbox = people, languages, outbox
        self.lost: list[Any] = []
        self.unshown: list[int] = []
        self.doubled: list[Any] = []
        self.steps = 0
        self.steps_lost: list[Any] = []
        self.steps_doubled: list[Any] = []

    def detail(self) -> dict[str, Any]:
        return {
            name: [str(each) for each in getattr(self, name)[:5]]
            for name in ("lost", "unshown", "doubled", "steps_lost", "steps_doubled")
        }

    def check(self, counted: list[int], toggling: list[int]) -> None:
        self._every_update_is_there_once()
        self._no_line_twice()
        self._languages(toggling)
        self._joins()
        self._steps(counted)

    def _every_update_is_there_once(self) -> None:
        rows = {row.update_id: row for row in self.inbox}
        self.lost += sorted(self.sent.noted.keys() - rows.keys())
        self.lost += [(row.update_id, row.state.value) for row in rows.values() if row.state is InboxState.DEAD]
        self.unshown += [
            row.update_id for row in rows.values() if row.state not in (InboxState.SHOWN, InboxState.DEAD) or row.reply
        ]
        self.doubled += sorted(rows.keys() - self.sent.noted.keys())

    def _no_line_twice(self) -> None:
        lines = Counter((row.update_id, row.verb, row.subject_kind) for row in self.audit if row.update_id)
        self.doubled += [line for line, count in lines.items() if count > 1]

    def _languages(self, toggling: list[int]) -> None:
        """Every press that changes the language leaves one line; the last one decides."""
        expected: list[tuple[int, str]] = []
        now: dict[int, str] = {}
        for update_id, person, press in self.sent.presses():
            if press.verb == "lang" and press.arg and person in toggling and press.arg != now.get(person, "zh_CN"):
                now[person] = press.arg
                expected.append((update_id, press.arg))
        lines = [row for row in self.audit if row.verb == "person.language"]
        actual = [(row.update_id, row.after) for row in lines if row.actor_id and self.people[row.actor_id] in toggling]
        self.lost += sorted(set(expected) - set(actual))
        self.doubled += sorted(set(actual) - set(expected))
        self.lost += [(person, last) for person, last in now.items() if self.languages[person] != last]

    def _joins(self) -> None:
        """Everybody who came with a link of their own applied, once, and was let in once at most."""
        first = {}
        for update_id, (person, said) in self.sent.noted.items():
            if said.startswith("/start i_"):
                first.setdefault(person, update_id)
        applied, joined = (
            Counter(self.people[row.subject_id] for row in self.audit if row.verb == verb and row.subject_id)
            for verb in ("person.apply", "person.join")
        )
        self.lost += [("apply", person) for person in first if not applied[person]]
        self.doubled += [("apply", person) for person, count in applied.items() if count > 1]
        self.doubled += [("join", person) for person, count in joined.items() if count > 1]

    def _steps(self, counted: list[int]) -> None:
        """A draft is as many versions old as different versions of it were left: each is left exactly once.

        It is left by a press on it, or by the question whether it goes on.
        """
        versions: dict[int, set[int]] = {}
        for _update_id, person, press in self.sent.presses():
            if person in counted and press.verb in COUNTED:
                versions.setdefault(press.id, set()).add(press.version)
        self.steps = sum(len(each) for each in versions.values())
        for draft in self.drafts:
            if self.people[draft.person_id] in counted:
                left = versions.get(draft.id, set()) | self.interrupted.versions.get(draft.id, set())
                expected = 1 + len(left)
                found = (draft.id, draft.version, expected)
                (self.steps_lost if draft.version < expected else []).append(found)
                (self.steps_doubled if draft.version > expected else []).append(found)
