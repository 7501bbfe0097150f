"""Filing a record: checked against its kind's form, kept, and evidence for every child it names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import now, today
from hongzhu.database import among
from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children import queries as children
from hongzhu_registry.database import new_id
from hongzhu_registry.days import not_to_come
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.records.models import Record
from hongzhu_registry.schools import queries as schools
from hongzhu_registry.tasks import queries as tasks
from hongzhu_registry.tasks.models import Task


def file(
    session: Session,
    principal: Principal,
    *,
    kind: str,
    occurred_on: date,
    data: Mapping[str, Any],
    child_ids: Sequence[str] = (),
    school_id: str | None = None,
    task_ids: Sequence[str] = (),
    record_id: str | None = None,
) -> Record:
    """File what was done for some children of one school, or for the school; raises `InvalidError` with the field named.

    Tasks stand for those to whom they are owed.
    """
    not_to_come(occurred_on=occurred_on)
    if task_ids:
        child_ids, school_id = _owed(session, principal, task_ids, kind, occurred_on, child_ids or [school_id])
    if child_ids:
        school_id = children.require_open(session, principal, child_ids)
    elif school_id is not None and principal.role != "teacher":
        schools.require(session, principal, school_id)
    else:
        raise InvalidError("Name the children, or the school.", field="child_ids")
    asking = evidence.must_be_theirs(session, principal, kind, "record")
    _check_form(programmes.form_among(asking), data, kind)
    record = Record(
        id=record_id or new_id(),
        kind=kind,
        school_id=school_id,
        occurred_on=occurred_on,
        data=dict(data),
        filed_by=principal.account_id,
        filed_at=now(),
    )
    session.add(record)
    session.flush()
    evidence.file(
        session,
        [
            messages.Evidence(id=record.id, kind=kind, subject_id=subject, done_on=occurred_on)
            for subject in dict.fromkeys(child_ids or [school_id])
        ],
    )
    return record


def _owed(
    session: Session,
    principal: Principal,
    task_ids: Sequence[str],
    kind: str,
    done_on: date,
    named: Sequence[str | None],
) -> tuple[list[str], str | None]:
    """Return the children to whom tasks in sight are owed, or the school, which whoever names both must have named alike."""
    asked = select(Task.subject_id, Task.school_id, tasks.answered_by(kind, done_on)).where(in_sight("task", principal))
    found = session.execute(asked.where(among(session, Task.id, task_ids))).all()
    if len(found) != len(set(task_ids)):
        raise MissingError
    subjects = {subject for subject, _, _ in found}
    if not all(answers for _, _, answers in found):
        raise InvalidError(
            "What is done of this kind on that day does not count for every one of the tasks.", field="task_ids"
        )
    if any(named) and subjects != set(named):
        raise InvalidError("The tasks are not owed to whom the record names.", field="task_ids")
    schools = {school for _, school, _ in found}
    return ([], subjects.pop()) if subjects == schools else (sorted(subjects), None)


def seen(principal: Principal, *columns: Any) -> Select[Any]:
    """Select the records in sight; whoever filed one sees it, also where its role sees no other."""
    own = Record.filed_by.in_([each for each in (principal.account_id, principal.supporter_id) if each])
    in_view = in_sight("record", principal) if principal.sees("record") else false()
    return select(*columns).where(or_(in_view, own))


def correct(
    session: Session,
    principal: Principal,
    record_id: str,
    expect: Callable[[int], None],
    *,
    occurred_on: date | None,
    data: Mapping[str, Any] | None,
    reason: str | None,
) -> None:
    """Correct the day of a record or what its form says; it stays the same record.  Raises `StaleError`, `InvalidError`."""
    record = own(session, principal, record_id)
    expect(record.version)
    if data is not None:
        _check_form(programmes.form_of(session, record.kind), data, record.kind)
        record.data = dict(data)
    if occurred_on is not None and occurred_on != record.occurred_on:
        not_to_come(occurred_on=occurred_on)
        shown = evidence.shown_by(session, record_id)
        evidence.amend(
            session,
            record_id,
            {each: (kind, occurred_on) for each, (kind, _) in shown.items()},
            by=principal,
            reason=reason,
        )
        record.occurred_on = occurred_on
    record.version += 1
    session.flush()


def withdraw(session: Session, principal: Principal, record_id: str, reason: str) -> None:
    """Take a record back: it is kept, and evidence of nothing.  Raises `ConflictError` when it was taken back before."""
    record = _changeable(session, principal, record_id)
    evidence.withdraw(session, record_id, by=principal, reason=reason)
    record.withdrawn_on = today()
    record.version += 1
    session.flush()


def own(session: Session, principal: Principal, record_id: str) -> Record:
    """Return a record in which somebody may say something else; not where all whom it is about were made anonymous."""
    record = _changeable(session, principal, record_id)
    subjects = evidence.subjects_of(session, record_id)
    if subjects and subjects == children.anonymous(session, subjects):
        raise children.anonymous_for_good()
    return record


def _changeable(session: Session, principal: Principal, record_id: str) -> Record:
    """Return a record that somebody may change: whoever filed it, its school's coordinator, or the bureau."""
    statement = seen(principal, Record.id, Record.filed_by).where(Record.id == record_id)
    found = session.execute(statement.with_for_update(of=Record)).first()
    if found is None:
        raise MissingError
    filed_it = found.filed_by in {principal.account_id, principal.supporter_id} - {None}
    if not (principal.is_bureau or principal.role == "school" or filed_it):
        raise MissingError
    record = session.get_one(Record, record_id, populate_existing=True)
    record.must_stand()
    return record


def _check_form(form: Mapping[str, object] | None, data: Mapping[str, Any], kind: str) -> None:
    if form is None:
        raise InvalidError("No running programme takes records of the kind {kind}.", kind=kind, field="kind")
    error = next(Draft202012Validator(form).iter_errors(dict(data)), None)
    if error is not None:
        # Only where and which rule: the value itself may be about a child.
        raise _misfit(error, ".".join(["data", *map(str, error.absolute_path)]))


def _misfit(error: ValidationError, field: str) -> InvalidError:
    """Say what the form wants instead."""
    wanted: Any = error.schema
    match error.validator:
        case "required":
            return InvalidError("Something required is missing from the form.", field=field)
        case "additionalProperties":
            fields = ", ".join(wanted.get("properties", {}))
            return InvalidError("The form has no such field; it has: {fields}.", fields=fields, field=field)
        case "enum" | "const":
            choices = "; ".join(map(str, wanted.get("enum") or [wanted["const"]]))
            return InvalidError("{where} must be one of: {choices}.", where=field, choices=choices, field=field)
        case "minimum" | "maximum" if "minimum" in wanted and "maximum" in wanted:
            span = {"least": wanted["minimum"], "most": wanted["maximum"]}
            return InvalidError("{where} must be from {least} to {most}.", where=field, **span, field=field)
        case "minimum":
            return InvalidError("{where} must be at least {least}.", where=field, least=wanted["minimum"], field=field)
        case "maximum":
            return InvalidError("{where} must be at most {most}.", where=field, most=wanted["maximum"], field=field)
        case "maxLength":
            most = wanted["maxLength"]
            return InvalidError("{where} may have at most {most} characters.", where=field, most=most, field=field)
        case rule:
            return InvalidError("{where} does not fit the form (rule: {rule}).", where=field, rule=rule, field=field)
