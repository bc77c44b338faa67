"""G45: defects sown on purpose, each of which a named test must find. A proof that finds nothing proves nothing."""

import asyncio
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.drills.lives import ROOT

GOALS = ("G45",)
ON_DEMAND = True  # minutes; the ordinary run only looks whether each defect can still be sown
TREE: Final = ("bot", "storage", "handlers", "locale", "tests", "pyproject.toml")
RED: Final = 1  # pytest's exit status where tests failed; anything else is no proof


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect: one piece of text replaced by another, and the test that must turn red."""

    name: str
    file: str
    old: str
    new: str
    test: str


WORKDAYS, DEADLINES = "bot/workdays.py", "bot/deadlines.py"
SETTLING, OUTBOX = "handlers/telegram/settling.py", "handlers/telegram/outbox.py"
REMINDERS, QUEUE = "storage/reminders.py", "storage/outbox.py"
T_WORKDAYS, T_DEADLINES, T_OUTBOX = (
    "tests/bot/test_workdays.py",
    "tests/bot/test_deadlines.py",
    "tests/handlers/telegram/test_outbox.py",
)
T_ENROLMENT, T_RIGHTS = "tests/handlers/test_enrolment.py", "tests/handlers/test_rights.py"
T_LOOKS = "tests/handlers/test_looks.py"
T_OTHERS = "tests/handlers/test_opinions_of_others.py"
T_WATCHING = "tests/journeys/test_watching.py"
T_REMINDERS, T_DRILLS = "tests/handlers/test_reminders.py", "tests/drills/test_drills.py"

MUTANTS: Final = (
    Mutant("calendar: make-up days forgotten", WORKDAYS, "left -= day.is_workday", "left -= day.on.weekday() < 5",
           f"{T_WORKDAYS}::test_counting_forward_agrees_with_the_oracle"),
    Mutant("calendar: doubt forgotten on the way", WORKDAYS, "provisional = provisional or day.provisional",
           "provisional = day.provisional", f"{T_DRILLS}::test_goals_hold[G16]"),
    Mutant("planner: the day of receipt counted", DEADLINES, "return calendar.add(received_on, working_days)",
           "return calendar.add(received_on, working_days - 1)",
           f"{T_DEADLINES}::test_feedback_is_due_on_the_fifth_working_day_after_receipt"),
    Mutant("planner: an opinion relied on for a day too long", DEADLINES,
           'return corresponding - timedelta(days=end == "day_before")', "return corresponding",
           f"{T_DEADLINES}::test_validity_ends_by_the_chosen_convention"),
    Mutant("planner: past stages all said", "storage/replanning.py",
           "if stage in past[:-1] and", "if stage in past[:0] and",
           f"{T_DRILLS}::test_goals_hold[G16]"),
    Mutant("catch-up: what is an hour late is dropped", REMINDERS,
           "literal(ReminderState.PLANNED), Reminder.due_at <= now)",
           "literal(ReminderState.PLANNED), Reminder.due_at <= now, Reminder.due_at > now - dt.timedelta(hours=1))",
           f"{T_REMINDERS}::test_after_an_outage_only_the_newest_stage_is_said_and_no_flood_follows"),
    Mutant("supersede: the newer stage taken back", REMINDERS, "Reminder.due_at < reminder.due_at",
           "Reminder.due_at > reminder.due_at",
           f"{T_REMINDERS}::test_a_newer_stage_takes_back_an_older_one_that_never_left"),
    Mutant("claim: not written down before the send", QUEUE, "row.state = OutboxState.CLAIMED", "pass",
           f"{T_OUTBOX}::test_claim_is_committed_before_a_byte_leaves"),
    Mutant("claim: of a dead process never taken up", QUEUE,
           "Outbox.lease_until <= now", "Outbox.lease_until < Outbox.lease_until",
           f"{T_OUTBOX}::test_claim_of_a_dead_process_is_repeated_with_a_label_after_its_lease"),
    Mutant("confirm: a fourth copy", SETTLING,
           "if row.copies >= outbox.MOST_COPIES:", "if row.copies > outbox.MOST_COPIES:",
           f"{T_OUTBOX}::test_three_copies_that_nobody_confirmed_are_held"),
    Mutant("confirm: a repetition that does not say so", OUTBOX,
           "labelled(part, label) if letter.repeated else part", "part",
           f"{T_OUTBOX}::test_only_an_unknown_outcome_is_repeated_with_a_label"),
    Mutant("confirm: an unknown outcome taken for a success", SETTLING, "case Outcome.DELIVERED:",
           "case Outcome.DELIVERED | Outcome.UNKNOWN:",
           f"{T_OUTBOX}::test_only_an_unknown_outcome_is_repeated_with_a_label"),
    Mutant("dedupe: the same notice queued each time", QUEUE,
           "row = await _queue(session, receiver | content",
           'row = await _queue(session, receiver | content | {"dedupe": f"{dedupe}:{id(params)}"}',
           f"{T_OUTBOX}::test_notice_is_sent_once_and_confirmed"),
    Mutant("confirm: pestering whoever has blocked the bot", "handlers/telegram/letters.py", "if not person.reachable:",
           "if False:", f"{T_OUTBOX}::test_what_was_queued_before_an_officer_blocked_the_bot_is_not_sent_any_more"),
    Mutant("out of reach: only what Telegram itself refused comes afterwards", "storage/notified.py",
           "or_(Outbox.state == OutboxState.REFUSED, cancelled)", "Outbox.state == OutboxState.REFUSED",
           f"{T_OUTBOX}::test_what_was_queued_while_an_officer_was_out_of_reach_comes_when_they_are_back"),
    Mutant("digest: cancelled with the last line that nobody has yet", QUEUE, "Reminder.state.in_(ALIVE),",
           "Reminder.state == ReminderState.QUEUED,",
           "tests/journeys/test_escalation.py"
           "::test_a_list_that_brings_a_debt_to_the_second_coordinator_outlives_its_own_line"),
    Mutant("passed unsaid: the coordinators never hear", "handlers/due.py",
           "await passed.tell(session, office, look.passed, look.now, not_before=look.held_until)", "()",
           "tests/handlers/test_lateness.py"
           "::test_the_coordinators_hear_of_it_also_where_the_look_is_cut_short"),
    Mutant("digest: held for two minutes, however long the look that fills it", "handlers/due.py",
           "if look.held_until - now < hours.GATHERING / 2:", "if False:",
           "tests/journeys/test_digest.py::test_a_look_that_takes_long_makes_one_list_all_the_same"),
    Mutant("long work: no rest for what officers press", "handlers/parts.py",
           "if database.in_use:", "if False:",
           "tests/handlers/test_parts.py::test_whoever_is_at_work_gets_as_long_as_a_part_took[write]"),
    Mutant("digest: let go before its reader's hour", "handlers/due.py",
           "look.held.items() if hour <= look.now]", "look.held.items()]",
           "tests/journeys/test_digest.py"
           "::test_what_was_found_before_the_hour_waits_for_what_is_due_at_the_hour"),
    Mutant("calendar: a year that a release corrects is no news", "bot/workdays.py",
           "(self.version, self.published) == (other.version, other.published)", "self.version == other.version",
           "tests/handlers/test_calendar.py::test_a_year_that_a_release_corrects_is_carried_out_too"),
    Mutant("pace: a timer that rings late costs a place", "handlers/telegram/pace.py",
           "max(self.free_at, start - self._gap) + self._gap", "start + self._gap",
           "tests/handlers/telegram/test_pace.py"
           "::test_a_timer_that_rings_late_costs_no_place_and_no_burst_follows_a_lull"),
    Mutant("answers: committed, reported as failed, never shown", "handlers/telegram/dispatch.py",
           "show(unanswered + answers,", "show(answers,",
           "tests/handlers/telegram/test_dispatch.py"
           "::test_commit_that_fails_after_it_has_taken_effect_is_answered_all_the_same"),
    Mutant("calendar: movers are not told", "handlers/calendar_change.py",
           "        if params is None:\n", "        if True:\n",
           f"{T_DRILLS}::test_goals_hold[G18]"),
    Mutant("pace: a wait that Telegram asked for is not heeded", OUTBOX, "self.pace.pause(verdict.retry_after)", "pass",
           f"{T_DRILLS}::test_goals_hold[G11,G12,G15]"),
    Mutant("pace: two notices to a chat at once", "handlers/telegram/pace.py", "max(self.wait, self._wait_of(chat_id))",
           "self.wait", "tests/handlers/telegram/test_pace.py::test_a_chat_rests_whoever_writes_to_it"),
    Mutant("clock: a step goes unnoticed", "handlers/wall.py", "NOTICED: Final = 5.0", "NOTICED: Final = 5e12",
           f"{T_DRILLS}::test_goals_hold[G19]"),
    Mutant("clock: a jump is believed unasked", "handlers/wall.py", "return self._believed is None or",
           "return True or",
           f"{T_WATCHING}::test_by_a_clock_that_jumped_and_is_not_telegrams_nothing_leaves_until_it_is_right"),
    Mutant("heartbeat: what is not committed counts", "storage/heartbeat.py",
           'event.listen(session.sync_session, "after_commit", lambda _session: self.beat(part, now), once=True)',
           "self.beat(part, now)",
           "tests/storage/test_watching.py"
           "::test_a_beat_and_the_end_of_an_outage_count_only_once_they_are_committed"),
    Mutant("answers: an outage of seconds uses up the copies", "handlers/telegram/screens.py",
           "await self._reached()", "pass",
           "tests/handlers/telegram/test_screens.py"
           "::test_what_may_have_arrived_is_repeated_only_once_telegram_answers_again"),
    Mutant("given up: nobody is told", "handlers/undelivered.py",
           "if row.kind in NOTICES or row.person_id is None:", "if True:",
           "tests/journeys/test_reminding.py"
           "::test_what_may_have_arrived_comes_three_times_at_most_and_then_the_coordinator_is_told"),
    Mutant("door: whoever was suspended comes in", "handlers/telegram/routing.py",
           "turn.person is not None and turn.person.state is PersonState.ACTIVE else None",
           "turn.person is not None else None",
           f"{T_DRILLS}::test_goals_hold[G29,G30]"),
    Mutant("intake: an ID number is kept", "handlers/telegram/scrubbing.py",
           "without_id_numbers(whole)[0]", "whole",
           "tests/handlers/telegram/test_intake.py::test_id_number_is_replaced_in_everything_that_people_write"),
    Mutant("scope: everybody sees every entry", "storage/sight.py",
           "        return or_(theirs, Request.unit_id == sight.person.unit_id)\n    return theirs",
           "        return or_(theirs, Request.unit_id == sight.person.unit_id)\n    return true()",
           "tests/storage/test_finding.py::test_exactly_what_may_be_opened_and_fits_is_found"),
    Mutant("scope: the number of another unit's open entry", "storage/known.py",
           "if counterpart_id is not None and seen:", "if counterpart_id is not None:",
           f"{T_LOOKS}::test_of_an_open_entry_elsewhere_an_officer_learns_that_it_is_there_and_no_number"),
    Mutant("scope: a hand-over takes what stands in another unit's ledger", "handlers/handover_done.py",
           "is Reach.BUREAU else officer.unit_id", "is Reach.BUREAU else None",
           "tests/journeys/test_leaving.py"
           "::test_a_liaison_takes_over_what_stands_in_their_own_ledger_and_sees_nothing_of_the_rest"),
    Mutant("looks: a list is checked and nobody knows", "handlers/batch_work.py", "audit.note(session, at=now,",
           "dict(at=now,",
           f"{T_LOOKS}::test_a_checked_list_tells_no_number_and_no_result_of_another_unit_and_leaves_one_line"),
    Mutant("invitation: used twice", "storage/invites.py",
           "Invite.hash == _hash(token), Invite.used_at.is_(None), Invite", "Invite.hash == _hash(token), Invite",
           f"{T_ENROLMENT}::test_of_several_who_come_at_once_with_one_link_one_applies"),
    Mutant("invitation: valid for one moment too long", "storage/invites.py", "Invite.expires_at > now",
           "Invite.expires_at >= now", f"{T_ENROLMENT}::test_an_invitation_ends_with_its_last_second"),
    Mutant("invitation: nobody has to say yes", "handlers/enrolment.py",
           "return is_first and not await people.coordinators(turn.session)", "return True",
           f"{T_ENROLMENT}::test_each_coordinator_hears_of_an_application_and_the_first_who_presses_decides"),
    Mutant("invitation: into a unit that is gone", "handlers/enrolment.py", "if approved and asked.dissolved and",
           "if False and", f"{T_ENROLMENT}::test_nobody_is_let_into_a_unit_that_was_dissolved_meanwhile"),
    Mutant("matrix: every button is everybody's", "handlers/rights.py", "return _may(person, PRESSES.get(verb))",
           "return True", f"{T_RIGHTS}::test_a_button_is_for_whoever_has_its_right"),
    Mutant("matrix: a lost right still hears", "handlers/rights.py",
           "if person is not None and not _may(person, NOTICES.get(kind)):", "if False:",
           f"{T_RIGHTS}::test_a_notice_is_for_whoever_still_has_its_right"),
    Mutant("pace: the buttons of reminders know no limit", "handlers/telegram/inflow.py", "if bucket.left >= 1:",
           "if bucket.left >= 1 or urgent:",
           "tests/handlers/telegram/test_inflow.py"
           "::test_nobody_is_without_a_limit_by_pressing_what_answers_deadlines"),
    Mutant("door: the words beside a forwarded file count", "handlers/turn.py", 'self.text = text if typed else ""',
           "self.text = text",
           "tests/journeys/test_flood.py::test_a_forwarded_file_is_taken_and_the_words_beside_it_are_not"),
    Mutant("seal: what stands there may be changed", "storage/seals.py",
           "_plain([line.before, line.after, line.reason])", "_plain([line.before, line.reason])",
           f"{T_DRILLS}::test_goals_hold[G38]"),
    Mutant("seal: the chain does not hang together", "storage/seals.py", "said = [before, seal.from_id,",
           'said = ["", seal.from_id,',
           "tests/storage/test_seals.py"
           "::test_a_range_that_was_cut_out_of_the_middle_with_its_seal_is_missed"),
    Mutant("owed: counted from before it was written down", "bot/owed.py",
           "calendar.between(max(debt.since, known_on), today)", "calendar.between(debt.since, today)",
           "tests/journeys/test_escalation.py::test_what_is_late_on_the_day_of_its_entry_climbs_from_that_day"),
    Mutant("owed: an answer is no answer", "bot/owed.py", "max(first, asked_on or first)", "first",
           "tests/journeys/test_escalation.py"
           "::test_not_received_yet_is_an_answer_so_that_it_is_asked_again_and_nobody_above_hears"),
    Mutant("decision: nothing is said before it", "handlers/planning.py",
           "if not entry.waiting or entry.waiting[0].applicant is not Applicant.BUREAU or on is None:", "if True:",
           "tests/journeys/test_reminding.py::test_what_is_open_is_said_each_week_and_before_and_on_the_day_of_the_decision"),
    Mutant("expiry: what went by unsaid is dropped", "handlers/expiry.py", "if not requests and not named:",
           "if not requests and (not named or opinion.valid_to < today):",
           "tests/journeys/test_reminder_acts.py::test_an_opinions_last_day_that_went_by_unsaid_is_said_as_expired"),
    Mutant("digest: who was told is known by when it was begun", "storage/notified.py", "Outbox.not_before >= since",
           "Outbox.created_at >= since",
           "tests/journeys/test_receivers.py::test_for_want_of_the_second_head_the_first_hears_nothing_twice"),
    Mutant("sheet: an ID number in a cell is kept", "bot/documents/reading.py", "cell_without_id_numbers(_text(cell))",
           "_text(cell)",
           "tests/bot/documents/test_reading.py"
           "::test_an_id_number_is_struck_out_of_its_cell_before_anybody_reads_it"),
    Mutant("looks: an entry's screen leaves no line", "handlers/timeline.py",
           'turn.looked("request", opened.request.id)\n    await turn.session.flush()', "await turn.session.flush()",
           f"{T_LOOKS}::test_no_button_shows_the_counterpart_of_a_colleagues_entry_without_a_line"),
    Mutant("scope: an opinion betrays a tender", "storage/sight.py",
           "true() if sight.sees_all else ~held_back.correlate_except(Item, Request)", "true()",
           f"{T_LOOKS}::test_an_opinion_betrays_nobody_before_the_result_and_is_there_for_all_after_it"),
    Mutant("opinions: who uses one again reads of all beside it", "handlers/expiry.py",
           "if each.request_id is None or await _may_open(session, person, each.request_id, on):", "if each.together:",
           f"{T_OTHERS}::test_counting_the_numbers_of_reminders_opens_no_list_and_silences_nobody"),
    Mutant("opinions: one that lapses for its officer does so for all", "storage/expiring.py",
           "if opinion.let_lapse and not self.relied_on:", "if opinion.let_lapse:",
           "tests/journeys/test_receivers.py::test_who_lets_an_opinion_lapse_does_not_do_so_for_the_other[sqlite]"),
    Mutant("confidential: only what the catalogue marks", "storage/sight.py",
           "return or_(Request.confidential, func", "return or_(func",
           f"{T_OTHERS}::test_an_honour_outside_the_catalogue_is_as_confidential_as_one_within_it"),
    Mutant("confidential: an import tells who is on a list", "storage/ledger_known.py",
           "or_(visible_to(sight), ~is_confidential(sight)),", "Request.id > 0,",
           "tests/handlers/test_ledger_import.py::test_guesses_at_an_award_list_tell_nobody_who_is_on_it"),
    Mutant("rights: long work commits for whoever lost them", "handlers/rights.py",
           "            if await _may_have(session, kind, params):", "            if session:",
           f"{T_RIGHTS}::test_long_work_comes_to_nothing_for_whoever_lost_the_right_while_it_was_done"),
    Mutant("cover: one between two units stays", "handlers/cover.py",
           "if other.unit_id != person.unit_id:", "if other is None:",
           "tests/handlers/test_handover.py::"
           "test_covers_of_and_by_whoever_changes_unit_end_with_a_line_each_and_both_sides_are_told"),
    Mutant("erasure: files that wait leave with the erased words", "storage/erasure.py",
           "erased.files = sorted({*erased.files, *await orphans.let_go(session)})", "erased.files.sort()",
           "tests/handlers/test_handed_out.py::"
           "test_a_file_that_waits_while_a_person_is_erased_is_gone_and_its_receiver_reads_so"),
    Mutant("screens: what is too long goes out whole", "handlers/telegram/fitting.py",
           "if size <= most and buttons <= MAX_BUTTONS:", "if size >= 0:",
           "tests/handlers/telegram/test_fitting.py"),
    Mutant("drafts: a hidden question takes what is typed next", "handlers/frame.py",
           "await drafts_aside.let_go(turn)\n        return await flow", "return await flow",
           "tests/handlers/test_drafts_aside.py::"
           "test_a_question_hidden_by_a_command_takes_nothing_that_is_typed_unless_something_is_entered_in_it"),
    Mutant("drafts: heaps of what is half filled in", "handlers/drafts_aside.py",
           "if before is not None and _unfinished(before) >= MOST_UNFINISHED:", "if before is None and _unfinished:",
           "tests/handlers/test_drafts_aside.py::test_no_more_is_half_filled_in_than_anybody_has_in_mind"),
    Mutant("erasure: what was sent stays", "storage/erasure.py",
           "Outbox.state.in_(_OVER)).values(params={})", "Outbox.state.in_(_OVER)).values(copies=Outbox.copies)",
           "tests/storage/test_sent_notices.py"),
    Mutant("access: nobody hears whom the server appoints", "handlers/appointing.py",
           "for coordinator in others:", "for coordinator in others[:0]:",
           "tests/journeys/test_people.py::"
           "test_coordinator_whom_the_server_appoints_is_on_record_and_the_others_are_told_once"),
    Mutant("access: whom the server appoints is not on record", "storage/people.py",
           "actor_id=None, verb=APPOINTED,", "actor_id=None, verb=JOINED,",
           "tests/journeys/test_people.py::"
           "test_coordinator_whom_the_server_appoints_is_on_record_and_the_others_are_told_once"),
    Mutant("stop: a look begins that nobody waits for", "handlers/jobs.py",
           "        if self._stopping:\n            return\n        task", "        task",
           "tests/handlers/test_app.py::test_look_that_was_handed_over_just_before_a_stop_begins_no_more"),
)  # fmt: skip


def unsowable() -> list[str]:
    """Return the defects whose text does not stand in the source exactly once."""
    return [each.name for each in MUTANTS if (ROOT / each.file).read_text("utf-8").count(each.old) != 1]


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Sow each defect in a copy of the tree and run its test there; ``full`` makes no difference."""
    if unknown := unsowable():
        return [{"goal": "G45", "seed": seed, "n": 0, "unsowable": unknown, "ok": False}]
    for name in TREE:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    survived = [each.name for each in MUTANTS if not await asyncio.to_thread(_is_found, each, folder)]
    return [{"goal": "G45", "seed": seed, "n": len(MUTANTS), "survived": survived, "ok": not survived}]


def _is_found(mutant: Mutant, folder: Path) -> bool:
    path = folder / mutant.file
    sound = path.read_text("utf-8")
    path.write_text(sound.replace(mutant.old, mutant.new), "utf-8")
    try:
        command = (sys.executable, "-B", "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", mutant.test)
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        path.write_text(sound, "utf-8")
    found = answer.returncode == RED
    print(f"{'red     ' if found else 'SURVIVED'} {mutant.name}: {mutant.test}", file=sys.stderr, flush=True)
    return found
