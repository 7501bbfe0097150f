"""What the report says, in the order of the city's own reports; nothing stands in it that was not counted or filed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from hongzhu.figures import Place, places_of, said
from hongzhu.i18n import Text, _
from hongzhu.programme import Programme
from hongzhu_registry.reports import charts, wanting
from hongzhu_registry.reports.document import Chart, Figure, Item, Section, Sentence
from hongzhu_registry.reports.wording import COMMA

CLAUSE = Text(zh="，", en=", ")


class Cited(NamedTuple):
    """A document on file, and whether whoever reports issued it."""

    title: str
    number: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to tell of, beside the figures."""

    scope: Literal["everybody", "school", "agency"]
    """Whether it is told of all schools and agencies, of one school, or of one agency that helps."""
    one_school: bool
    where: str
    """The city, or the school."""
    reporting: str
    """The agency that owes the report."""
    programmes: Sequence[Programme]
    figures: Mapping[str, Figure]
    agencies: Mapping[str, str]
    """By name, the title."""
    documents: Sequence[Cited]
    leaders: Sequence[tuple[str, str | None]]
    """Duties and responsibilities of the city's leading group."""
    schools: Sequence[Any]
    """Name, urban and number of children, most first."""
    weeks: Mapping[date, tuple[int, int]]
    """Talks held and owed, by week."""


def of_programme(programme: Programme, figures: Mapping[str, Figure], *, one_school: bool = False) -> Sentence | None:
    """Put a programme's figures into its sentence; nothing when all of them are nothing.

    Of one school it goes without saying, as long as there is anything else to say, how many schools it was.
    """
    if programme.sentence is None:
        return None
    mine = {name: figures[f"{programme.code}.{name}"] for name in sorted(places_of(programme.sentence.zh))}
    nothing = {name for name, figure in mine.items() if not figure.value}
    schools = {each.name for each in programme.figures if each.distinct == "school"} if one_school else set()
    texts = {name: figure.text for name, figure in mine.items()}
    text = said(str(programme.sentence), texts, nothing, schools) or said(str(programme.sentence), texts, nothing)
    keys = tuple(figure.key for figure in mine.values() if figure.value and figure.text in text)
    return Sentence(text, keys) if text else None


def sections(told: Material) -> tuple[Section, ...]:
    """Write the parts of the report; points of which nothing is known are left out."""
    agencies = charts.by_agency(told.programmes, told.figures, told.agencies)
    parts: tuple[Section, ...] = (
        Section(
            _("Groundwork: rules and coordination"),
            _items(
                (_("Leadership"), _leadership(told), None),
                (_("Plans"), [*_plans(told), *_declared(told, "plans")], None),
                (_("Working together"), [*_together(told), *_declared(told, "departments")], None),
            ),
        ),
        Section(
            _("Dossiers: one for each child, kept up to date"),
            _items(
                (
                    _("Finding and registering"),
                    [*_roster(told), *_declared(told, "roster")],
                    charts.by_school(told.schools),
                ),
                (_("Pairing"), _declared(told, "pairing"), None),
                (_("Plans of help"), [*_declared(told, "help"), *_coverage(told)], charts.by_week(told.weeks)),
            ),
        ),
        Section(
            _("Homes and help: care in practice"),
            _items(
                (_("Keeping in touch"), _declared(told, "contact"), None),
                (_("Mental health"), _declared(told, "counselling"), None),
                (_("Help with schooling"), _declared(told, "study"), None),
                (_("After-school care first"), _declared(told, "after_school"), None),
            ),
        ),
        Section(
            _("Alliance: working as one"),
            _items(
                (_("Places of care"), _declared(told, "places"), None),
                (_("Care and aid"), _declared(told, "aid"), agencies),
                (_("Spreading the word"), _declared(told, "publicity"), None),
            ),
        ),
    )
    if told.scope != "agency":
        parts += (
            Section(_("What is still wanting"), (), wanting.problems(told.figures)),
            Section(_("Next steps"), (), wanting.next_steps(told.figures)),
        )
    return tuple(each for each in parts if each.items or each.sentences)


def _items(*points: tuple[str, Iterable[Sentence], Chart | None]) -> tuple[Item, ...]:
    found = ((heading, tuple(sentences), chart) for heading, sentences, chart in points)
    return tuple(Item(*each) for each in found if each[1])


def _declared(told: Material, place: Place, *subjects: str) -> Iterator[Sentence]:
    """Say what programmes declare to be said under a point: of some subjects, or of all."""
    there = (each for each in told.programmes if each.section == place and (not subjects or each.subject in subjects))
    for each in sorted(there, key=lambda each: (each.order, each.code)):
        sentence = of_programme(each, told.figures, one_school=told.one_school)
        if sentence is not None:
            yield sentence


def _leadership(told: Material) -> Iterator[Sentence]:
    rests_on = [each for each in told.documents if not each.own]
    if rests_on and told.scope != "agency":
        yield Sentence(_("Under {documents}, the work is led and coordinated.", documents=_cited(rests_on)))
    yield from _declared(told, "organisation", "city")
    heads = [what or duty for duty, what in told.leaders if duty == "组长"]
    members = [what or duty for duty, what in told.leaders if duty != "组长"]
    if heads and members and told.scope == "everybody":
        yield Sentence(
            _(
                "The leading group is led by: {heads}; its members come from: {members}.",
                heads=str(COMMA).join(heads),
                members=str(COMMA).join(dict.fromkeys(members)),
            )
        )
    yield from _declared(told, "organisation", "school", "child", "agency", "facility")


def _cited(documents: Iterable[Cited]) -> str:
    named = (f"《{each.title}》" + (f"（{each.number}）" if each.number else "") for each in documents)
    return _beside(named)


def _beside(titles: Iterable[str]) -> str:
    """Name titles one after the other; where nothing stands between two of them, neither does a comma (GB/T 15834)."""
    return str(COMMA).join(titles).replace("》、《", "》《")


def _basis(told: Material) -> str:
    """Name what the programmes of those who help, and are told of, rest on."""
    helping = (each for each in told.programmes if each.agency != told.reporting and each.sentence is not None)
    return _beside(dict.fromkeys(document for each in helping for document in each.basis))


def _plans(told: Material) -> Iterator[Sentence]:
    number = len(told.programmes)
    others = sum(1 for each in told.programmes if each.agency != told.reporting)
    if told.scope == "agency" and told.programmes and (basis := _basis(told)):
        text = _(
            "Care programmes under {basis}: {programmes}, each with its duty, its time and who answers for it.",
            basis=basis,
            programmes=number,
        )
        yield Sentence(text)
    elif told.scope == "everybody" and 0 < others < number:
        yield Sentence(
            _(
                "{programmes} care programmes run, each with its duty, its time and who answers for it; {own} of them are carried "
                "out by the bureau and the schools, {others} by other agencies.",
                programmes=number,
                own=number - others,
                others=others,
            )
        )
    elif told.scope != "school" and told.programmes:
        yield Sentence(
            _(
                "Care programmes: {programmes}, each with its duty, its time and who answers for it.",
                programmes=number,
            )
        )
    issued = [each for each in told.documents if each.own]
    if issued and told.scope == "everybody":
        yield Sentence(_("{documents} was drawn up and issued.", documents=_cited(issued)))


def _together(told: Material) -> Iterator[Sentence]:
    helping = sorted({each.agency for each in told.programmes} - {told.reporting})
    if told.scope != "everybody" or not helping:
        return
    named = {
        "bureau": told.agencies.get(told.reporting, told.reporting),
        "agencies": str(COMMA).join(told.agencies.get(each, each) for each in helping),
        "number": len(helping),
    }
    if basis := _basis(told):
        yield Sentence(
            _(
                "Under {basis}, the {bureau} works with {agencies}: {number} in all, each with its own programmes.",
                basis=basis,
                **named,
            )
        )
    else:
        yield Sentence(_("The {bureau} works with {agencies}: {number} in all, each with its own programmes.", **named))


def _roster(told: Material) -> Iterator[Sentence]:
    names = ("children", "boys", "girls", "in_poverty", "schools")
    keys = {name: f"registry.{name}" for name in names if told.scope == "everybody" or name != "schools"}
    if told.scope == "agency" or not told.figures["registry.children"].value:
        return
    texts = {"where": told.where, **{name: told.figures[key].text for name, key in keys.items()}}
    if told.scope == "school":
        text = _(
            "{where} has {children} left behind in compulsory education; boys: {boys}; girls: {girls}; in poverty: {in_poverty}.",
            **texts,
        )
        yield Sentence(text, tuple(keys.values()))
        return
    text = _(
        "{where} has {children} left behind in compulsory education, in {schools}; boys: {boys}; girls: {girls}; in poverty: "
        "{in_poverty}.",
        **texts,
    )
    yield Sentence(text, tuple(keys.values()))
    yield from _largest(told)


def _largest(told: Material) -> Iterator[Sentence]:
    named = {
        key: str(COMMA).join(each.name for each in most)
        for key, urban in (("registry.largest_town_school", True), ("registry.largest_country_school", False))
        if (most := _outstanding([each for each in told.schools if each.urban is urban]))
    }
    town, country = named.get("registry.largest_town_school"), named.get("registry.largest_country_school")
    if town and country:
        text = _("In town most are at {town}, in the country at {country}.", town=town, country=country)
    elif town:
        text = _("Most are at these schools in town: {schools}.", schools=town)
    elif country:
        text = _("Most are at these schools in the country: {schools}.", schools=country)
    else:
        return
    yield Sentence(text, tuple(named))


def _outstanding(schools: Sequence[Any]) -> Sequence[Any]:
    """Return the schools that stand out: at most three, each with at least half as many children as the largest."""
    return [each for each in schools[:3] if each.counted * 2 >= schools[0].counted]


def _coverage(told: Material) -> Iterator[Sentence]:
    keys = [key for name in ("talk", "tutoring") if told.figures[key := f"registry.{name}_coverage"].value]
    if keys:
        named = str(CLAUSE).join(
            f"{told.figures[key].title}{Text(zh='', en=' ')}{told.figures[key].text}" for key in keys
        )
        yield Sentence(_("Week by week: {named}.", named=named), tuple(keys))
