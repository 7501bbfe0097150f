"""What a guardian's copy calls things, in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from hongzhu.i18n import _
from hongzhu_registry.pages import number, spoken_class
from hongzhu_registry.weeks.forms import Field, fields_of, spoken

NOTHING = "—"
"""Stands for what is not known."""


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


def act(action: str) -> str:
    """Say what somebody did with a dossier: by what it was about, or else by the method of the call."""
    method, _space, address = action.partition(" ")
    about = next((part for part in reversed(address.split("/")) if part and not part.startswith("{")), "")
    acts = _acts()
    return acts.get(f"{method} {about}") or acts.get(method, action)


def _acts() -> Mapping[str, str]:
    return {
        "GET": _("read"),
        "POST": _("added to"),
        "PATCH": _("changed"),
        "POST correct": _("changed"),
        "POST transfer": _("moved to another school"),
        "POST leave": _("let leave"),
        "POST return": _("let return"),
        "POST settle": _("settled at which school"),
        "POST consent": _("recorded the basis"),
        "DELETE consent": _("recorded the basis"),
        "POST pause": _("recorded a pause"),
        "POST pauses": _("recorded a pause"),
        "POST end": _("ended a pause"),
        "DELETE pauses": _("took a pause back"),
        "POST guardian-link": _("gave a link to the copy"),
        "DELETE guardian-link": _("called links back"),
        "anonymise": _("made anonymous"),
    }


def held(child: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Write what is held of a child, in the order in which people read it: each field, its title and its value; a class is one."""
    known = dict(child)
    if (grade := known.pop("grade", None)) is not None:
        known["class_name"] = spoken_class(grade, known.get("class_name"))
    for name, title in fields().items():
        if name in known:
            yield name, title, value(known[name])


def detail(event: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    """Say of an event what it was about, with the names of kinds and programmes, how much it was, and what it changed."""
    if event["fields"]:
        titles = {**_may_change(), **relatives()}
        changed = [titles.get(name.partition(".")[0], name) for name in event["fields"]]
        return _(", ").join(dict.fromkeys(changed))
    said = [called(event["what"], kinds)] if event["what"] and event["kind"] not in _BY_THEMSELVES else []
    if event["amount"] is not None:
        amount = number(event["amount"])
        said += [_("{mark} points", mark=amount) if event["kind"] == "assessment" else _("{yuan} yuan", yuan=amount)]
    return " ".join(said)


_BY_THEMSELVES = ("entered", "changed", "transferred", "left", "returned")
"""Events that say all by their name; what they are about is the code of their source."""


def changed(field: str) -> str:
    """Name a field that was changed: one of the dossier's own, or one of a relative's."""
    whose, _dot, what = field.partition(".")
    if whose not in relatives():
        return _may_change().get(field, field)
    return _("{relative}: {field}", relative=relatives()[whose], field=of_relatives().get(what, what))


def _may_change() -> Mapping[str, str]:
    return fields() | {"school_id": fields()["school"]}


def called(kind: str, kinds: Mapping[str, str]) -> str:
    """Name a kind of evidence or a programme, an event of the timeline, or a usual value."""
    return kinds.get(kind) or events().get(kind) or value(kind)


def told(said: str | Mapping[str, Any], form: Mapping[str, Any]) -> str:
    """Write what a record tells, each thing under its title in the form of its kind; what was left empty is not told."""
    if isinstance(said, str):
        return said
    asked = {each.name: each for each in fields_of(form)}
    return _("; ").join(_answer(asked.get(name), each) for name, each in said.items() if each not in (None, ""))


def _answer(asked: Field | None, said: Any) -> str:
    chinese, _bar, _english = str(said).partition("|")
    # A workbook gives the Chinese half of a choice alone.
    choices = {each.value.partition("|")[0]: each.text for each in asked.choices} if asked else {}
    content = choices.get(chinese) or value(spoken(said) if isinstance(said, str) else said)
    if asked is None:
        return content
    title = fields()["note"] if asked.name == "note" else asked.title
    return _("{title}: {content}", title=title, content=content)


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
        "双亲留守": _("both are away"),
        "单亲留守": _("one is away"),
        "健康": _("healthy"),
        "良好": _("good"),
        "残疾": _("disabled"),
        "汉族": _("Han"),
        "畲族": _("She"),
        "回族": _("Hui"),
        "满族": _("Manchu"),
        "苗族": _("Miao"),
        "彝族": _("Yi"),
        "壮族": _("Zhuang"),
        "土家族": _("Tujia"),
        "藏族": _("Tibetan"),
        "蒙古族": _("Mongol"),
        "维吾尔族": _("Uyghur"),
        "语文": _("Chinese"),
        "数学": _("Mathematics"),
        "英语": _("English"),
        "科学": _("Science"),
        "物理": _("Physics"),
        "化学": _("Chemistry"),
        "生物": _("Biology"),
        "历史": _("History"),
        "地理": _("Geography"),
        "政治": _("Politics"),
        "道德与法治": _("Morality and law"),
    }


def value(said: Any) -> str:
    """Write a value as people write it."""
    if said is None or said == "":
        return NOTHING
    if isinstance(said, str | bool):
        return _values().get(said, str(said))
    return f"{said:g}" if isinstance(said, float) else str(said)
