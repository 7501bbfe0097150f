"""What an import came to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from hongzhu.i18n import ENGLISH, _, language
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.workbooks import Finding, Language, Reason, Source, UnreadableWorkbook, say


def reader() -> Language:
    """Return the reader's language as the workbooks' sentences know it."""
    return "en" if language.get() == ENGLISH else "zh"


def told(finding: Finding) -> dict[str, Any]:
    """Tell where a row was refused, why, and how to mend it."""
    return {
        "file": finding.file,
        "sheet": finding.sheet,
        "row": finding.row,
        "column": finding.column,
        "reason": finding.reason.text(reader()),
        "mend": finding.reason.mend(reader()),
    }


Told = dict[str, tuple[Source, int]]
"""Of each thing that sheets told, by its identity: the row that told it first, and a hash of what that row said."""


@dataclass
class RosterChanges:
    """How a school's roster differs from the one before."""

    came: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Who is not on it any more, and was not said to have left."""
    changed: dict[str, list[str]] = field(default_factory=dict)
    """The fields that it says something else of, by child."""

    def __bool__(self) -> bool:
        return bool(self.came or self.left or self.changed)


@dataclass
class Result:
    """The counts and the complaints of one import; whoever its rosters have at a school where it is not is a conflict."""

    files: list[str] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Rows that say something new of a child who is at another school, or has left it: their dossiers stay as they are."""
    rejected: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    unreadable: list[tuple[str, UnreadableWorkbook]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    rosters: dict[str, RosterChanges] = field(default_factory=dict)
    """By school."""
    principal: Principal | None = None
    """Who hands it in; none for a command."""
    met: dict[str, dict[str, bool]] = field(default_factory=dict)
    """The children on each school's rosters, and whether they came with them."""
    differing: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    told: Told = field(default_factory=dict)
    """What all sheets of the import told so far."""

    @property
    def account_id(self) -> str | None:
        """Whose hand-in it is; none for a command."""
        return self.principal.account_id if self.principal else None

    def of_one_sheet(self) -> "Result":
        """Begin what comes of one more sheet, which is to be added."""
        return Result(principal=self.principal, told=self.told)

    def add(self, part: "Result") -> None:
        """Add what came of one sheet."""
        for name in ("accepted", "changed", "unchanged", "elsewhere"):
            getattr(self, name).update(getattr(part, name))
        self.rejected += part.rejected
        self.warnings += part.warnings
        for school_id, children in part.met.items():
            for child_id, came in children.items():
                self.meet(school_id, child_id, came=came)
        for school_id, differing in part.differing.items():
            for child_id, fields in differing.items():
                self.note_change(school_id, child_id, fields)

    @property
    def stored(self) -> int:
        """How many rows left something behind."""
        return self.accepted.total() + self.changed.total() + self.elsewhere.total()

    def meet(self, school_id: str, child_id: str, *, came: bool) -> None:
        """Note that a child stands on a school's roster."""
        met = self.met.setdefault(school_id, {})
        met[child_id] = came or met.get(child_id, False)  # another sheet may have met it first

    def note_change(self, school_id: str, child_id: str, fields: Iterable[str]) -> None:
        """Note of which fields a school's roster says something else than before."""
        differing = self.differing.setdefault(school_id, {})
        differing[child_id] = sorted({*fields, *differing.get(child_id, ())})

    def reject(self, where: Source, field: str, code: str, **params: object) -> None:
        """Refuse a row for what it says in a field, which its sheet need have no column for, with the reason of that code."""
        self.rejected.append(self._finding(where, field, code, params))

    def warn(self, where: Source, field: str, code: str, **params: object) -> None:
        """Tell of a row that is taken what is not as it seems."""
        self.warnings.append(self._finding(where, field, code, params))

    def reject_school(self, where: Source, code: str, name: str, *, shared: bool = False) -> None:
        """Refuse a row whose school, told by its code or else by its name, is not known, one of several, or not named at all."""
        if code:
            self.reject(where, "school_code", "school_unknown", school=say(code))
        elif name:
            reason = "school_ambiguous" if shared else "school_unknown"
            self.reject(where, "school_name", reason, school=say(name))
        else:
            self.reject(where, "school_name", "school_unnamed")

    @staticmethod
    def _finding(where: Source, field: str, code: str, params: dict[str, object]) -> Finding:
        return Finding(where.file, where.sheet, where.row, where.places.get(field, ""), Reason(code, params))

    @property
    def exit_status(self) -> int:
        """0 when all went in, 3 when rows were rejected, 2 when a file could not be read."""
        return 2 if self.unreadable else 3 if self.rejected else 0

    def as_json(self) -> dict[str, Any]:
        """Return the result as ``hongzhu import --json`` prints it."""
        return {
            "accepted": dict(self.accepted),
            "changed": dict(self.changed),
            "unchanged": dict(self.unchanged),
            "elsewhere": dict(self.elsewhere),
            "rejected": [told(finding) for finding in self.rejected],
            "warnings": [told(finding) for finding in self.warnings],
            "unreadable": [
                {"file": file, "reason": error.text(reader()), "mend": error.mend(reader())}
                for file, error in self.unreadable
            ],
            "conflicts": self.conflicts,
            "rosters": {school: asdict(changes) for school, changes in self.rosters.items()},
        }


def kind_of_rows(code: str) -> str:
    """Say what the rows of a sheet are."""
    names = {
        "activities": _("activities"),
        "attendances": _("rows of attendance"),
        "calendar": _("entries of the calendar"),
        "children": _("children"),
        "documents": _("documents"),
        "enrolments": _("enrolments"),
        "facilities": _("facilities"),
        "leaders": _("rows of a leading group"),
        "records": _("records"),
        "referrals": _("referrals"),
        "schools": _("schools"),
        "scores": _("test scores"),
        "staff": _("staff"),
        "subsidies": _("subsidies"),
        "supporters": _("supporters"),
    }
    return names.get(code, code)
