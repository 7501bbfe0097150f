"""What the audit's actions are called, in the reader's language: what was done, and about what."""

from collections.abc import Sequence

from hongzhu.i18n import _

COMMANDS = {"import": "imports", "programmes": "programmes", "report": "reports", "anonymise": "children"}
"""What an action is about that came by no address but by a command, or by the clock."""


def spoken(action: str) -> str:
    """Say an entry's action in words: ``GET /api/v1/children/{child_id}`` is that a dossier was read."""
    method, _space, address = action.partition(" ")
    if not address.startswith("/"):
        return _by_command().get(method, action)
    nouns, acts = _nouns(), _acts()
    parts = [each for each in address.removeprefix("/api/v1").split("/") if each and not each.startswith("{")]
    about = next((nouns[part] for part in reversed(parts) if part in nouns), "")
    done = next((acts[part] for part in reversed(parts[1:]) if part in acts), "") if method != "GET" else ""
    return _("{done}: {about}", done=done or _methods()[method], about=about) if about else action


def subjects() -> dict[str, str]:
    """Name what actions are about, each once, by the first part of an address that says so."""
    first: dict[str, str] = {}
    for part, said in _nouns().items():
        first.setdefault(said, part)
    return {part: said for said, part in first.items()}


def alike(part: str) -> Sequence[str]:
    """List the parts of an address that are called like this one."""
    nouns = _nouns()
    return [each for each, said in nouns.items() if said == nouns.get(part)] or [part]


def _by_command() -> dict[str, str]:
    return {
        "import": _("Take in a workbook"),
        "programmes": _("Add: programmes"),
        "report": _("Read: reports"),
        "anonymise": _("Make anonymous: dossiers"),
    }


def _methods() -> dict[str, str]:
    return {"GET": _("Read"), "POST": _("Write"), "PUT": _("Write"), "PATCH": _("Correct"), "DELETE": _("Take back")}


def _acts() -> dict[str, str]:
    return {
        "accept": _("Accept"),
        "answer": _("Answer"),
        "approve": _("Approve"),
        "close": _("Close"),
        "confirm": _("Confirm"),
        "correct": _("Correct"),
        "decline": _("Decline"),
        "done": _("Carry out"),
        "end": _("End"),
        "excuse": _("Excuse"),
        "leave": _("Let leave"),
        "open": _("Open again"),
        "replay": _("Give back"),
        "reset": _("Reset"),
        "resume": _("Let back in"),
        "return": _("Let return"),
        "revoke": _("Revoke"),
        "settle": _("Settle"),
        "sign": _("Sign off"),
        "suspend": _("Suspend"),
        "take-back": _("Take back"),
        "transfer": _("Transfer"),
        "tune": _("Tune"),
        "withdraw": _("Take back"),
    }


def _nouns() -> dict[str, str]:
    return {
        "accounts": _("accounts"),
        "account": _("their own account"),
        "activities": _("activities"),
        "agencies": _("agencies"),
        "agency": _("an agency's work"),
        "assessments": _("marks"),
        "audit": _("the audit"),
        "calendar": _("the calendar"),
        "children": _("dossiers"),
        "conflicts": _("conflicts"),
        "consent": _("consent"),
        "documents": _("documents"),
        "dossier.xlsx": _("the guardian's copy"),
        "enrolments": _("enrolments"),
        "export": _("the guardian's copy"),
        "facilities": _("facilities"),
        "first-sign-in": _("first sign-in"),
        "g": _("the guardian's copy"),
        "guardian-link": _("the guardian's link"),
        "helpers": _("helpers"),
        "home": _("the first page"),
        "imports": _("workbooks"),
        "language": _("the language"),
        "leaders": _("leading groups"),
        "mandatory_reports": _("mandatory reports"),
        "matches": _("matches"),
        "notices": _("notices"),
        "overview": _("the overview"),
        "pairings": _("pairings"),
        "parked": _("parked messages"),
        "password": _("passwords"),
        "pause": _("pauses"),
        "pauses": _("pauses"),
        "photos": _("photos"),
        "programmes": _("programmes"),
        "recipients": _("those who are told"),
        "record": _("records"),
        "records": _("records"),
        "referrals": _("referrals"),
        "reports": _("reports"),
        "school": _("a school's work"),
        "schools": _("schools"),
        "sign-in": _("signing in"),
        "sign-out": _("signing out"),
        "stats": _("figures"),
        "subsidies": _("subsidies"),
        "supporters": _("helpers"),
        "tasks": _("tasks"),
        "timeline": _("timelines"),
        "titles": _("an agency's titles"),
        "token": _("tokens"),
        "totp": _("the second factor"),
        "w": _("a teacher's week"),
    }
