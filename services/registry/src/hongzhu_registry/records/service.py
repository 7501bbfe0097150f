"""Filing a record: checked against its kind's form, kept, and evidence for every child it names."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import now
from hongzhu.errors import InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import queries as children
from hongzhu_registry.database import new_id
from hongzhu_registry.days import not_to_come
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.records.models import Record
from hongzhu_registry.schools import queries as schools


def file(
    session: Session,
    principal: Principal,
    *,
    kind: str,
    occurred_on: date,
    data: Mapping[str, Any],
    child_ids: Sequence[str] = (),
    school_id: str | None = None,
    record_id: str | None = None,
) -> Record:
    """File what was done for some children of one school, or for the school; raises `InvalidError` with the field named."""
    not_to_come(occurred_on=occurred_on)
    evidence.must_be_theirs(session, principal, kind, "record")
    _check_form(programmes.form_of(session, kind), data, kind)
    if child_ids:
        school_id = children.require_open(session, principal, child_ids)
    elif school_id is not None and principal.role != "teacher":
        schools.require(session, principal, school_id)
    else:
        raise InvalidError("Name the children, or the school.", field="child_ids")
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


def _check_form(form: Mapping[str, object] | None, data: Mapping[str, Any], kind: str) -> None:
    if form is None:
        raise InvalidError("No running programme takes records of the kind {kind}.", kind=kind, field="kind")
    error = next(Draft202012Validator(form).iter_errors(dict(data)), None)
    if error is not None:
        # Only where and which rule: the value itself may be about a child.
        missing = error.validator == "required"
        field = ".".join(["data", *map(str, error.absolute_path)])
        if missing:
            raise InvalidError("Something required is missing from the form.", field=field)
        raise InvalidError(
            "{where} does not fit the form (rule: {rule}).", where=field, rule=error.validator, field=field
        )
