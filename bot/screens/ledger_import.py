"""The screens of the ledger as a sheet: asked for, its columns confirmed, tried, imported, exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.documents.containers import column_letters
from bot.documents.sheet_faults import MOST_ROWS
from bot.errors import MOST_FAULTS
from bot.language import _, ngettext, pgettext
from bot.ledger_columns import Columns, Field, field_name
from bot.ledger_import import IMPORTED, Verdict
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines
from bot.screens.words import named_faults

READING: Final = "ledger_reading"
_LONGEST_HEADING: Final = 24
_IN_A_ROW: Final = 6  # letters of columns
_FIELDS_IN_A_ROW: Final = 2


def verdict_name(verdict: Verdict) -> str:
    """Return what becomes of a row, as the sheet that goes back says it."""
    return {
        Verdict.ENTRY: pgettext("verdict", "imported as an open entry"),
        Verdict.OPINION: pgettext("verdict", "imported as a valid opinion"),
        Verdict.BOTH: pgettext("verdict", "imported as an entry with a valid opinion"),
        Verdict.CLOSED: pgettext("verdict", "not imported: settled"),
        Verdict.EXPIRED: pgettext("verdict", "not imported: the opinion has expired"),
        Verdict.PERSON: pgettext("verdict", "not imported: a natural person, counted only"),
        Verdict.WRONG: pgettext("verdict", "not imported: to be corrected"),
        Verdict.PRESENT: pgettext("verdict", "not imported: in the ledger already"),
    }[verdict]


def menu() -> Screen:
    """Offer to bring a ledger in, or to take it out."""
    text = lines(
        bold(_("[Ledger as a sheet]")),
        esc(_("Import: open entries and valid opinions of the sheet that your unit keeps today")),
        esc(_("Export: the verifications that you may see, in the columns of that sheet")),
    )
    rows = (
        (Button(pgettext("button", "Import a ledger"), Press("limp"), Style.PRIMARY),),
        (Button(pgettext("button", "Export the ledger"), Press("lexp")),),
    )
    return Screen("ledger_sheet", text, rows)


def asking(draft_id: int, version: int) -> Screen:
    """Ask for the sheet."""
    text = lines(
        bold(_("[Import of a ledger]")),
        esc(_("Please send the ledger as a file: xlsx, xls, ods or csv, at most %(rows)d rows") % {"rows": MOST_ROWS}),
        esc(_("Nothing is recorded before you have seen what becomes of each row")),
        esc(_("Natural persons are only counted; please leave out their names and ID numbers")),
    )
    rows = ((Button(pgettext("button", "Give up"), Press("lquit", draft_id, version)),),)
    return Screen("ledger_asking", text, rows, wants_file=True)


def reading() -> Screen:
    """Say that the sheet is being read."""
    return Screen(READING, esc(_("Reading the ledger; the answer follows here.")))


def columns(sheet_id: int, version: int, header: Sequence[str], chosen: Columns) -> Screen:
    """Show what each column is taken for, to be changed or confirmed.

    Args:
        sheet_id: Where the sheet is kept.
        version: Grows with every change of it.
        header: The names of the columns.
        chosen: What they hold.
    """
    named = [at for at, text in enumerate(header) if text or chosen[at]]
    text = lines(
        bold(_("[Columns of the ledger]")),
        esc(_("Asked once: later sheets of your unit with the same columns are read alike")),
        *(esc(_column_line(at, header[at], chosen[at])) for at in named),
        esc(_("To change a column press its letter")),
    )
    letters = [Button(column_letters(at), Press("lcol", sheet_id, version, str(at))) for at in named]
    rows = (
        *(tuple(letters[at : at + _IN_A_ROW]) for at in range(0, len(letters), _IN_A_ROW)),
        (Button(pgettext("button", "The columns are right"), Press("lok", sheet_id, version), Style.PRIMARY),),
        _drop_row(sheet_id, version),
    )
    return Screen("ledger_columns", text, rows)


def choice(sheet_id: int, version: int, header: Sequence[str], chosen: Columns, at: int) -> Screen:
    """Ask what one column holds."""
    options = [
        Button(
            ("✓ " if chosen[at] is field else "") + field_name(field),
            Press("lset", sheet_id, version, f"{at}.{field.value}"),
        )
        for field in Field
    ]
    rows = (
        *(tuple(options[n : n + _FIELDS_IN_A_ROW]) for n in range(0, len(options), _FIELDS_IN_A_ROW)),
        (Button(pgettext("button", "Not imported"), Press("lset", sheet_id, version, f"{at}.")),),
        (Button(pgettext("button", "Back"), Press("lmap", sheet_id, version)),),
    )
    text = lines(
        bold(_("[Columns of the ledger]")),
        esc(_column_line(at, header[at], chosen[at])),
        esc(_("What does this column hold?")),
    )
    return Screen("ledger_column", text, rows)


def _column_line(at: int, heading: str, field: Field | None) -> str:
    shown = heading if len(heading) <= _LONGEST_HEADING else heading[:_LONGEST_HEADING] + "…"
    values = {
        "letter": column_letters(at),
        "heading": shown,
        "field": field_name(field) if field else _("not imported"),
    }
    return _('%(letter)s "%(heading)s" → %(field)s') % values


@dataclass(frozen=True, slots=True)
class Tried:
    """A ledger that was read and judged, with nothing recorded yet.

    Args:
        sheet_id: Where it is kept.
        version: Of the kept sheet.
        counts: Verdict -> rows.
        faults: What is wrong with rows.
        file: The ledger as it goes back, a verdict in each row.
    """

    sheet_id: int
    version: int
    counts: Mapping[Verdict, int]
    faults: Sequence[str]
    file: File | None

    @property
    def imported(self) -> int:
        """How many rows would be imported."""
        return sum(self.counts[verdict] for verdict in IMPORTED)


def tried(shown: Tried) -> Screen:
    """Say what would become of the rows, and ask for the word to do it."""
    more = len(shown.faults) - MOST_FAULTS
    text = lines(
        bold(_("[Import of a ledger: not recorded yet]")),
        *_counted(shown.counts),
        *named_faults(shown.faults),
        esc(
            ngettext("%(n)d more fault stands in the sheet", "%(n)d more faults stand in the sheet", more) % {"n": more}
        )
        if more > 0
        else None,
        _persons_line(shown.counts),
        esc(_("Wrong rows are left out; correct them and import the sheet again, and only they are added"))
        if shown.faults
        else None,
    )
    go = Button(
        pgettext("button", "Import (%(n)d)") % {"n": shown.imported},
        Press("lgo", shown.sheet_id, shown.version),
        Style.PRIMARY,
    )
    again = Button(pgettext("button", "Change the columns"), Press("lmap", shown.sheet_id, shown.version))
    rows = ((go,), (again,)) if shown.imported else ((again,),)
    return Screen("ledger_tried", text, (*rows, _drop_row(shown.sheet_id, shown.version)), stays=True, file=shown.file)


def importing() -> Screen:
    """Say that the ledger is being imported."""
    return Screen("ledger_importing", esc(_("Importing the ledger; what came of it follows here.")))


def imported(counts: Mapping[Verdict, int], numbers: Sequence[str], file: File | None) -> Screen:
    """Say what was imported, under which numbers, and send the wrong rows back.

    Args:
        counts: Verdict -> rows.
        numbers: The first and the last number given; empty where no entry was made.
        file: The wrong rows with what is wrong; None where there are none.
    """
    said = None
    if numbers:
        said = (
            _("Numbers %(first)s to %(last)s") % {"first": numbers[0], "last": numbers[-1]}
            if numbers[0] != numbers[-1]
            else _("Number %(number)s") % {"number": numbers[0]}
        )
    text = lines(
        bold(_("[Ledger imported]")),
        *_counted(counts),
        esc(said) if said else None,
        _persons_line(counts),
        esc(_("The wrong rows come back with the reason; correct them and import them again")) if file else None,
    )
    rows = ((Button(pgettext("button", "My ledger"), Press("my")),),)
    return Screen("ledger_imported", text, rows, stays=True, file=file)


def dropped() -> Screen:
    """Say that the import was given up."""
    return Screen("ledger_dropped", esc(_("The import was given up; nothing was recorded.")))


def exporting() -> Screen:
    """Say that the ledger is being made into a sheet."""
    return Screen("ledger_exporting", esc(_("The sheet is being made and comes into this chat.")), aside=True)


def exported(file: File, count: int, *, cut: bool) -> Screen:
    """Hand the ledger over.

    Args:
        file: The sheet.
        count: Its rows.
        cut: Whether there are more than a sheet takes.
    """
    text = lines(
        bold(_("[Ledger as a sheet]")),
        esc(ngettext("%(n)d row of verifications", "%(n)d rows of verifications", count) % {"n": count}),
        esc(_("Commitments and reports stand in the sheets of the search")),
        esc(_("There are more than a sheet takes; please narrow them down with /find")) if cut else None,
    )
    return Screen("ledger_exported", text, stays=True, file=file)


def _counted(counts: Mapping[Verdict, int]) -> list[str]:
    words = {
        Verdict.ENTRY: _("%(n)d open entries"),
        Verdict.BOTH: _("%(n)d entries whose opinion has come and still holds"),
        Verdict.OPINION: _("%(n)d valid opinions of settled matters"),
        Verdict.PRESENT: _("%(n)d in the ledger already, left out"),
        Verdict.CLOSED: _("%(n)d settled, left out"),
        Verdict.EXPIRED: _("%(n)d with an expired opinion, left out"),
        Verdict.WRONG: _("%(n)d wrong, left out"),
    }
    return [esc(word % {"n": counts[verdict]}) for verdict, word in words.items() if counts[verdict]]


def _persons_line(counts: Mapping[Verdict, int]) -> str | None:
    persons = counts[Verdict.PERSON]
    said = _("%(n)d natural persons, counted only; their names were not kept")
    among = _("Rows with neither code nor kind are among them; for an organisation fill it in and import it again")
    return lines(esc(said % {"n": persons}), esc(among)) if persons else None


def _drop_row(sheet_id: int, version: int) -> tuple[Button, ...]:
    return (Button(pgettext("button", "Give up"), Press("ldrop", sheet_id, version)),)
