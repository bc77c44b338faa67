"""What the office would expect, worked out by hand from the Plan and the suggested catalogue; reads no pack.

A result is {product letter: (mark, clauses)} with C = 核查, A = 承诺, R = 信用报告 and ● ◐ ○; an empty one means
that the officer is sent elsewhere.
"""

CLAUSE = {"C": frozenset({"二(二)-2"}), "A": frozenset({"二(一)-2"}), "R": frozenset({"二(三)-2"})}
ORDER = "●◐○"


def marked(text):
    """``"C● A○"`` -> {"C": ("●", clauses), "A": ("○", clauses)}."""
    return {part[0]: (part[1], CLAUSE[part[0]]) for part in text.split()}


FUNDS = {"funds_application", "fiscal_fund", "policy_loan"}  # one act seen from two sides (A1)
NAMED_CHECKS = FUNDS | {"approval", "market_access", "commendation", "honour", "qualification"}
TENDERS = {"public_tender", "state_tender"}
TRIGGERS = (
    "funds_application",
    "approval",
    "market_access",
    "commendation",
    "honour",
    "qualification",
    "verification_other",
    "public_resource",
    "fiscal_fund",
    "policy_loan",
    "public_tender",
    "state_tender",
    "report_other",
    "commitment",
)


def report_mark(triggers, financing, requested, in_tender):
    marks = []
    if triggers & {"public_resource", "policy_loan"}:  # A18: a head of its own; a policy loan is financing
        marks.append("●")
    if triggers & FUNDS:  # A1
        marks.append("●" if financing == "yes" else "◐" if requested == "yes" else "○")
    if triggers & TENDERS:  # A4
        marks.append("◐" if in_tender == "yes" else "○")
    if "report_other" in triggers:  # catch-all
        marks.append("◐")
    return min(marks, key=ORDER.index, default=None)


def off_catalogue(triggers, *, financing, requested, in_tender):
    result = []
    if triggers & NAMED_CHECKS:
        result.append("C●")
    elif "verification_other" in triggers:
        result.append("C◐")
    report = report_mark(triggers, financing, requested, in_tender)
    if report:
        result.append("R" + report)
    if "commitment" in triggers:
        result.append("A◐")
    return marked(" ".join(result))


def default_route(triggers, kind):
    """Persons go the protected route; without a check the counterpart brings its own paper; nothing, no route."""
    if triggers & (NAMED_CHECKS | {"verification_other"}):
        return "natural_person" if kind == "natural_person" else "bureau"
    return "counterpart" if triggers else ""


# The catalogue in the notation of the proposal: capital C/R ●, capital A ◐, lower case ○, catch-all C ◐.
FIXED = {
    "m01": "C● A○", "m02": "C● A○", "m03": "C● A○",
    "m04a": "C● A○", "m04b": "C● A○", "m04c": "C● A○", "m04d": "C● A○",
    "m05": "C● A◐", "m06": "C● A○", "m07": "C● A○", "m08": "C● A◐", "m09": "C● A○",
    "m10": "A◐", "m11": "A◐", "m12": "A◐", "m13": "A○",
    "m20": "C◐ A◐", "m28": "A○", "m29": "C◐ A◐", "m30": "C◐ R○", "m31": "A◐ C○",
    "m33": "C● R● A○", "m34": "C● R●", "m36": "A○ C○", "m39": "R○ C◐", "m40": "C○ A○",
    "m42": "C● A◐", "m43": "A◐ C○", "m45": "C● A◐", "m46": "A◐", "m48": "C● A◐",
}  # fmt: skip
BY_A1 = {"m15", "m16", "m17", "m18", "m32"}
BY_A4 = {"m35", "m37"}
AWARDS = {
    "m21": "C● A◐", "m22": "C● A◐", "m23": "C●", "m24": "C●", "m25": "C● A◐", "m26": "C○ A○", "m27": "C●",
}  # fmt: skip
CODES = {*FIXED, *BY_A1, *BY_A4, *AWARDS, "m14", "m19", "m47"}
IN_FORM = {"m04a", "m04b", "m04c", "m04d", "m10", "m11", "m12"}


def funds(given):
    mark = "●" if given["financing"] == "yes" else "◐" if given["report_requested"] == "yes" else "○"
    return f"C● A◐ R{mark}"


def award(code, given):
    if given["reserved"] == "no" or (code == "m24" and given["staff"] == "staff"):
        return ""
    return AWARDS[code]


def special(code, given):
    if code == "m14":  # a report only for the public auction; the quota alone takes a pledge
        return "C◐ R○" if given["auction"] == "yes" else "A○"
    if code == "m19":  # a check only for an enterprise with a fleet
        return "A○ C○" if (given["counterpart"], given["fleet"]) == ("enterprise", "yes") else "A○"
    return "C● A◐" if given["eligibility"] == "clear" else "C●"  # m47


def catalogued(code, given):
    if code in FIXED:
        return marked(FIXED[code])
    if code in BY_A1:
        return marked(funds(given))
    if code in BY_A4:
        return marked("R◐" if given["report_in_tender"] == "yes" else "R○")
    return marked(award(code, given) if code in AWARDS else special(code, given))


# Which questions an entry can lead to, with their answers.
YES_NO = ("yes", "no")
ASKED = {code: {} for code in FIXED}
ASKED |= {code: {"financing": YES_NO, "report_requested": ("yes", "no", "unstated")} for code in BY_A1}
ASKED |= {code: {"report_in_tender": ("yes", "no", "unstated")} for code in BY_A4}
ASKED |= {code: {"reserved": YES_NO} for code in AWARDS}
ASKED["m24"] = {"reserved": YES_NO, "staff": ("staff", "public")}
ASKED["m14"] = {"auction": YES_NO}
ASKED["m19"] = {"counterpart": ("enterprise", "natural_person"), "fleet": YES_NO}
ASKED["m47"] = {"eligibility": ("barred", "clear")}
