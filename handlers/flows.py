"""All flows side by side: which module answers which command, button, text, file, notification and job."""

from types import ModuleType
from typing import Any, Final

from handlers import (
    absence,
    appointing,
    attachments,
    auditing,
    batch,
    bureau_settings,
    calendar,
    calendar_watch,
    catalogue,
    commitments,
    corrections,
    counterparts,
    cover,
    cover_entry,
    decision_day,
    desk,
    digest,
    doctor,
    due,
    enrolment,
    erasure,
    expiry_acts,
    feedback,
    finding,
    finding_export,
    groups,
    guide,
    handover,
    handover_done,
    ledger,
    ledger_import,
    opinions,
    outage,
    packs,
    papers,
    passed,
    people,
    proposals,
    quarter,
    quarter_circular,
    quarter_gaps,
    quarter_prompts,
    quarter_return,
    quarter_summary,
    quarter_wording,
    reminder_acts,
    reminder_settings,
    reminders,
    reports,
    requests,
    retention,
    reuse,
    snoozing,
    stats,
    study,
    undelivered,
    units,
    watching,
)

MODULES: Final[tuple[ModuleType, ...]] = (
    enrolment,
    desk,
    people,
    units,
    catalogue,
    proposals,
    bureau_settings,
    packs,
    guide,
    requests,
    ledger,
    reuse,
    opinions,
    corrections,
    decision_day,
    commitments,
    reports,
    study,
    attachments,
    papers,
    batch,
    ledger_import,
    reminders,
    due,
    digest,
    passed,
    reminder_acts,
    expiry_acts,
    snoozing,
    reminder_settings,
    calendar,
    calendar_watch,
    finding,
    finding_export,
    counterparts,
    cover,
    cover_entry,
    handover,
    handover_done,
    feedback,
    quarter,
    quarter_return,
    quarter_gaps,
    quarter_prompts,
    quarter_summary,
    quarter_wording,
    quarter_circular,
    stats,
    doctor,
    watching,
    undelivered,
    absence,
    appointing,
    outage,
    groups,
    erasure,
    retention,
    auditing,
)


def merged(name: str) -> dict[str, Any]:
    """Return the tables of that name of all modules as one.

    Args:
        name: COMMANDS, PRESSES, TYPED, FILES, PRESENT, NOTICES, GROUP_NOTICES, QUIET, FORMS or JOBS; a module
            may lack any of them.

    Raises:
        ValueError: Two modules claim the same key, so that one of them would never be reached.
    """
    found: dict[str, Any] = {}
    for module in MODULES:
        table = getattr(module, name, {})
        if twice := found.keys() & table.keys():
            raise ValueError(f"{module.__name__}.{name} claims what another module has: {sorted(twice)}")
        found |= table
    return found
