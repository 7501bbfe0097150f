"""What a guardian's copy calls things, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from hongzhu.i18n import _


def fields() -> dict[str, str]:
    """Name the fields of a dossier, in the order in which people read them."""
    return {
        "name": _("Name"),
        "sex": _("Sex"),
        "born_on": _("Born on"),
        "id_number": _("Identity number"),
        "ethnicity": _("Ethnic group"),
        "address": _("Home address"),
        "school": _("School"),
        "grade": _("Grade"),
        "class_name": _("Class"),
        "boarding": _("Boards at school"),
        "in_poverty": _("In registered poverty"),
        "health": _("Health"),
        "disability": _("Disability"),
        "left_behind_type": _("Which parents are away"),
        "academic_concern": _("Academic concern"),
        "note": _("Note"),
        "entered_on": _("Dossier since"),
        "left_on": _("Left on"),
        "left_reason": _("Reason for leaving"),
        "watch_until": _("Followed until"),
        "basis": _("Basis in law"),
        "retention_ends": _("Kept in clear until"),
    }


def relatives() -> dict[str, str]:
    """Name the relatives."""
    return {"father": _("Father"), "mother": _("Mother"), "guardian": _("Guardian")}


def of_relatives() -> Mapping[str, str]:
    """Name what is held of a relative."""
    return {
        "name": _("Name"),
        "relation": _("Relation to the child"),
        "phone": _("Telephone"),
        "place": _("Where they are"),
        "away": _("Away from home"),
        "away_since": _("Away since"),
        "able": _("Able to care for the child"),
    }


def purposes() -> Mapping[str, str]:
    """Say what each kind of field is kept for."""
    return {
        "identification": _("to know which child it is"),
        "identity": _("to hold one dossier for one child"),
        "schooling": _("to help the child learn"),
        "care": _("to know who looks after the child"),
        "welfare": _("to give the child what it is entitled to"),
        "health": _("to take health into account"),
        "residence": _("to visit the child and find helpers nearby"),
        "contact": _("to reach the family"),
        "keeping": _("to keep the dossier by the law"),
    }


def events() -> Mapping[str, str]:
    """Name what happens to a child."""
    return {
        "entered": _("Dossier opened"),
        "changed": _("Dossier changed"),
        "transferred": _("Went to another school"),
        "left": _("Left"),
        "returned": _("Came back"),
        "consent_given": _("Basis recorded"),
        "consent_withdrawn": _("Consent taken back"),
        "pairing_began": _("Paired"),
        "pairing_ended": _("Pairing ended"),
        "record": _("Care given"),
        "evidence_withdrawn": _("Entry taken back"),
        "evidence_corrected": _("Entry corrected"),
        "excused": _("Excused from a task"),
        "excuse_taken_back": _("Excuse taken back"),
        "pause_began": _("Pause began"),
        "pause_ended": _("Pause ended"),
        "pause_taken_back": _("Pause taken back"),
        "activity": _("Took part in an activity"),
        "referral": _("Passed on for counselling"),
        "assessment": _("Assessment"),
        "subsidy": _("Subsidy"),
        "enrolment": _("Place given"),
    }


def roles() -> Mapping[str, str]:
    """Name those who look into dossiers."""
    return {
        "admin": _("Education bureau"),
        "bureau": _("Education bureau"),
        "school": _("School"),
        "teacher": _("Teacher"),
        "link": _("Teacher"),
        "agency": _("Agency"),
        "guardian": _("Guardian"),
        "clock": _("The system itself"),
    }


def acts() -> Mapping[str, str]:
    """Name what is done with a dossier, by the method of the call."""
    return {
        "GET": _("read"),
        "POST": _("added to"),
        "PATCH": _("changed"),
        "DELETE": _("called links back"),
        "anonymise": _("made anonymous"),
    }


def _values() -> Mapping[Any, str]:
    return {
        True: _("yes"),
        False: _("no"),
        "male": _("boy"),
        "female": _("girl"),
        "statutory_duty": _("a duty in law"),
        "guardian_consent": _("a guardian's consent"),
        "withdrawn": _("consent was taken back"),
        "graduated": _("finished school"),
        "parents_returned": _("parents came back"),
        "moved_away": _("moved away"),
        "over_age": _("over age"),
        "other": _("another reason"),
    }


def value(said: Any) -> str:
    """Write a value as people write it."""
    if said is None or said == "":
        return "—"
    if isinstance(said, Mapping):
        return "; ".join(f"{name}: {value(each)}" for name, each in said.items())
    if isinstance(said, str | bool):
        return _values().get(said, str(said))
    return f"{said:g}" if isinstance(said, float) else str(said)
