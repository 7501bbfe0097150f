"""Who may see what: role × organisation × resource × field × purpose, all of it in this one place.

`SIGHT` says for every table whose rows are whose, `DOSSIER` what each field of a child is kept for, and `PURPOSES` which
purposes a role serves.  `access.sight` makes the statements' conditions of it and `access.walls` the row-level security of
PostgreSQL behind them.  What is out of sight does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hongzhu.errors import MissingError

Role = Literal[
    "admin", "bureau", "school", "teacher", "agency", "auditor", "protection", "guardian", "notifier", "link"
]

BUREAU: tuple[Role, ...] = ("admin", "bureau")
"""The bureau's administrators and its officers: they see everything."""
TOKENS: tuple[Role, ...] = ("admin", "bureau", "school", "teacher", "agency", "auditor", "protection", "notifier")
"""Who may come in by a token; a guardian, and a teacher by a notice, come by a signed link to one page alone."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a role, and the school, agency, supporter or child it is confined to."""

    account_id: str
    role: Role
    school_id: str | None = None
    agency: str | None = None
    supporter_id: str | None = None
    """A teacher's own row among the supporters."""
    child_id: str | None = None
    """The one child of a guardian's link."""

    @property
    def is_bureau(self) -> bool:
        """Whether it sees everything."""
        return self.role in BUREAU

    @property
    def session(self) -> dict[str, str | None]:
        """What its session of the database is told (`database.narrow`); behind a link stands the teacher it was given to."""
        link = self.role == "link"
        return {
            "level": "all" if self.is_bureau else "teacher" if link else self.role,
            "account_id": self.account_id,
            "school_id": self.school_id,
            "agency": self.agency,
            "supporter_id": self.account_id if link else self.supporter_id,
            "child_id": self.child_id,
        }

    def must_be(self, *roles: Role) -> None:
        """Let only these roles pass, and an administrator wherever the bureau may; to all others the thing does not exist."""
        if self.role not in roles and not (self.role == "admin" and "bureau" in roles):
            raise MissingError

    def sees(self, table: str) -> bool:
        """Tell whether rows of a table can be its role's at all."""
        if self.is_bureau:
            return not SIGHT[table].confidential
        return SIGHT[table].ties(self.role) is not None

    def must_see(self, *tables: str) -> None:
        """Let only roles pass that can see something of the tables."""
        if not all(map(self.sees, tables)):
            raise MissingError

    def must_run(self, programme: str) -> None:
        """Let only the programme's own agency, or the bureau, pass."""
        if not self.is_bureau and programme.partition(".")[0] != self.agency:
            raise MissingError


OPERATOR = Principal("command", "admin")
"""Whoever may run commands on the server, in the audit."""


Kind = Literal["at", "of", "by", "oneself", "named", "titled", "through", "any"]


@dataclass(frozen=True, slots=True)
class Tie:
    """What makes a row somebody's, and the column that says so."""

    kind: Kind
    column: str


def at(column: str) -> Tie:
    """The school in the column is one's own."""
    return Tie("at", column)


def of(column: str) -> Tie:
    """The child in the column is in sight."""
    return Tie("of", column)


def by(column: str) -> Tie:
    """The supporter in the column is in sight."""
    return Tie("by", column)


def titled(column: str) -> Tie:
    """The organisation in the column is one of the ways to write one's own agency."""
    return Tie("titled", column)


THROUGH = Tie("through", "id")
"""Another table ties the row to a child in sight."""
ANY = (Tie("any", ""),)
Ties = tuple[Tie, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whose a table's rows are.  Any one tie is enough; without ties a role sees no row; to `None` the thing does not exist."""

    school: Ties | None = ()
    agency: Ties | None = ()
    teacher: Ties | None = None
    guardian: Ties | None = None
    auditor: Ties | None = None
    protection: Ties | None = None
    notifier: Ties | None = None
    link: None = None
    """The week page reads with statements of its own, behind the second wall as a teacher."""
    child: str | None = None
    """The column that names a child.  Behind the second wall its rows are there for whoever sees the child: flags such as an
    academic concern are derived from them."""
    through: tuple[str, str, str] | None = None
    """The table that ties rows of this one to children, its columns that name the row and the child; it counts as `child` does."""
    own: str | None = None
    """The column that names the account that wrote the row, and needs it back."""
    adds: bool = False
    """Whether anybody may add a row, unseen."""
    confidential: bool = False
    """Whether not even the bureau sees it, but only who is named here, and work that nobody asks for."""
    open: str | None = None
    """Why there is no second wall in front of it."""

    def ties(self, role: Role) -> Ties | None:
        """Return what makes a row visible to a role that is not the bureau's."""
        found: Ties | None = getattr(self, role)
        return found


def _of_child(**more: Ties | None) -> Sight:
    ties: dict[str, Any] = dict.fromkeys(("school", "teacher", "guardian"), (of("child_id"),))
    return Sight(**(ties | more), child="child_id")


def _child_at_school(**more: Ties | None) -> Sight:
    return _of_child(**({"school": (at("school_id"), of("child_id"))} | more))


_NO_CHILD = "it says nothing of a child or of a person, and dossiers are read beside it"
_SIGN_IN = "it is read before anybody is known, and holds only hashes of what opens an account"

SIGHT: Mapping[str, Sight] = {
    "child": Sight(
        school=(at("school_id"),), teacher=(of("id"),), agency=(of("id"),), guardian=(of("id"),), child="id"
    ),
    "relative": _of_child(),
    "roster_entry": _child_at_school(),
    "child_change": _of_child(),
    "consent": _of_child(teacher=None),
    "assessment": _child_at_school(),
    "enrolment": _child_at_school(),
    "subsidy": _child_at_school(teacher=None),
    "referral": _child_at_school(teacher=None, agency=(titled("organisation"),)),
    "attendance": _of_child(),
    "pairing": Sight(
        school=(at("school_id"), of("child_id"), by("supporter_id")),
        teacher=(of("child_id"), by("supporter_id")),
        agency=(by("supporter_id"),),
        guardian=(of("child_id"),),
        child="child_id",
    ),
    "task": Sight(
        school=(at("school_id"),),
        teacher=(of("subject_id"),),
        agency=(Tie("named", "agency"),),
        guardian=(of("subject_id"),),
        child="subject_id",
    ),
    "task_tally": Sight(school=(at("school_id"),), agency=(Tie("named", "agency"),)),
    "child_tally": Sight(school=(at("school_id"),)),
    "touched": Sight(school=None, agency=None, adds=True),
    "evidence": Sight(
        school=(at("subject_id"), of("subject_id")),
        teacher=(of("subject_id"),),
        agency=None,
        guardian=(of("subject_id"),),
        child="subject_id",
    ),
    "evidence_change": Sight(school=(at("subject_id"), of("subject_id")), agency=None, child="subject_id"),
    "excuse": Sight(school=(at("school_id"), of("subject_id")), agency=None, child="subject_id"),
    "task_act": Sight(school=(at("school_id"), of("subject_id")), agency=(Tie("named", "agency"),), child="subject_id"),
    "record": Sight(
        school=(at("school_id"),),
        teacher=(THROUGH,),
        agency=None,
        guardian=(THROUGH,),
        through=("evidence", "id", "subject_id"),
        own="filed_by",
    ),
    "photo": Sight(
        school=(at("school_id"),),
        teacher=(THROUGH,),
        agency=None,
        through=("evidence", "id", "subject_id"),
        own="filed_by",
    ),
    "supporter": Sight(
        school=(at("school_id"),),
        teacher=(Tie("oneself", "id"),),
        agency=(titled("organisation"),),
        through=("pairing", "supporter_id", "child_id"),
    ),
    "mandatory_report": Sight(
        school=None, agency=(Tie("named", "agency"),), protection=ANY, own="reported_by", confidential=True
    ),
    "notice": Sight(school=(by("recipient_id"),), teacher=(by("recipient_id"),), agency=None),
    "activity": Sight(
        school=(at("school_id"),), agency=(titled("organisation"),), through=("attendance", "activity_id", "child_id")
    ),
    "facility": Sight(agency=(titled("organisation"),)),
    "leader": Sight(school=(at("school_id"),), agency=None),
    "document": Sight(),
    "report": Sight(school=None, agency=None),
    "import": Sight(school=None, agency=None, own="account_id"),
    "audit_entry": Sight(school=None, agency=None, auditor=ANY, own="account_id"),
    "answered": Sight(school=None, agency=None, own="account_id"),
    "outbox": Sight(school=None, agency=None, adds=True),
    "inbox": Sight(school=None, agency=None),
    "school": Sight(school=(at("id"),), teacher=(at("id"),), agency=ANY, open=_NO_CHILD),
    "agency": Sight(school=ANY, teacher=ANY, agency=ANY, open=_NO_CHILD),
    "office": Sight(school=None, agency=None, open=_NO_CHILD),
    "agency_title": Sight(school=ANY, agency=ANY, open=_NO_CHILD),
    "programme_version": Sight(school=ANY, teacher=ANY, agency=ANY, notifier=ANY, open=_NO_CHILD),
    "calendar_version": Sight(school=ANY, teacher=ANY, agency=ANY, notifier=ANY, open=_NO_CHILD),
    "account": Sight(school=None, agency=None, open=_SIGN_IN),
    "attempts": Sight(school=None, agency=None, open=_SIGN_IN),
    "known_address": Sight(school=None, agency=None, open=_SIGN_IN),
    "token": Sight(school=None, agency=None, open=_SIGN_IN),
}
"""Of every table.  The bureau sees every row that is not confidential; what no tie lets through is nobody else's."""

Purpose = Literal[
    "identification", "identity", "schooling", "care", "welfare", "health", "residence", "contact", "keeping"
]

DOSSIER: Mapping[str, Purpose] = {
    "id": "keeping",
    "version": "keeping",
    "school_id": "keeping",
    "name": "identification",
    "sex": "identification",
    "born_on": "identification",
    "ethnicity": "identity",
    "id_number": "identity",
    "grade": "schooling",
    "class_name": "schooling",
    "boarding": "schooling",
    "academic_concern": "schooling",
    "entered_on": "keeping",
    "left_on": "schooling",
    "left_reason": "schooling",
    "left_behind_type": "care",
    "left_behind": "care",
    "watch_until": "care",
    "note": "care",
    "in_poverty": "welfare",
    "health": "health",
    "disability": "health",
    "address": "residence",
    "family": "contact",
    "basis": "keeping",
    "retention_ends": "keeping",
    "anonymised_at": "keeping",
    "links_ended_at": "keeping",
}
"""What each field of a dossier is kept for.  A field that is not here is shown to nobody."""

OPENED = frozenset({"id_number", "address", "family", "left_behind"})
"""What is kept sealed: opened for one child at a time, never in a list."""

PURPOSES: Mapping[Role, frozenset[Purpose]] = {
    "teacher": frozenset({"keeping", "identification", "schooling", "care", "health", "contact"}),
}
"""Which purposes a role serves, where it is not all of them.  An agency sees the fields that were approved for its programmes."""

TELEPHONE_ONLY = frozenset({"relation", "phone"})
"""What a teacher sees of a child's family: whom to call, and at which number."""


def fields_of(role: Role) -> frozenset[str]:
    """Return the fields of a dossier that a role sees of the children in its sight; for an agency, those it may ask for."""
    served = PURPOSES.get(role)
    return frozenset(name for name, purpose in DOSSIER.items() if served is None or purpose in served)
