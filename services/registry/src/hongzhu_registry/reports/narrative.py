"""What the report says, in the order of the city's own reports; nothing stands in it that was not counted or filed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hongzhu.figures import Place, places_of
from hongzhu.i18n import Text, _
from hongzhu.period import monday
from hongzhu.programme import Programme
from hongzhu_registry.reports.document import Chart, Figure, Item, Section, Sentence

COMMA = Text(zh="、", en=", ")
MOST_SCHOOLS = 12
"""How many schools the chart of schools shows."""


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to tell of, beside the figures."""

    programmes: Sequence[Programme]
    figures: Mapping[str, Figure]
    agencies: Mapping[str, str]
    """By name, the title."""
    documents: Sequence[tuple[str, str | None]]
    """Titles and numbers of those on file."""
    leaders: Sequence[tuple[str, str | None]]
    """Duties and responsibilities of the city's leading group."""
    schools: Sequence[Any]
    """Name, urban and number of children, most first."""
    weeks: Mapping[date, tuple[int, int]]
    """Talks held and owed, by week."""

    def value(self, key: str) -> Any:
        """Return the value of a figure, nothing where there is none."""
        figure = self.figures.get(key)
        return figure.value if figure else None


def of_programme(programme: Programme, figures: Mapping[str, Figure]) -> Sentence | None:
    """Put a programme's figures into its sentence; nothing when all of them are nothing."""
    if programme.sentence is None:
        return None
    keys = {name: f"{programme.code}.{name}" for name in sorted(places_of(programme.sentence.zh))}
    if not any(figures[key].value for key in keys.values() if key in figures):
        return None
    text = str(programme.sentence).format(**{name: figures[key].text for name, key in keys.items()})
    return Sentence(text, tuple(keys.values()))


def sections(told: Material) -> tuple[Section, ...]:
    """Write the parts of the report; points of which nothing is known are left out."""
    parts = (
        Section(
            _("Groundwork: rules and coordination"),
            _items(
                told,
                (_("Leadership"), "organisation", _leadership(told), None),
                (_("Plans"), "plans", _plans(told), None),
                (_("Working together"), "departments", _departments(told), None),
            ),
        ),
        Section(
            _("Dossiers: one for each child, kept up to date"),
            _items(
                told,
                (_("Finding and registering"), "roster", _roster(told), _by_school(told)),
                (_("Pairing"), "pairing", (), None),
                (_("Plans of help"), "help", _coverage(told), _by_week(told)),
            ),
        ),
        Section(
            _("Homes and help: care in practice"),
            _items(
                told,
                (_("Keeping in touch"), "contact", (), None),
                (_("Mental health"), "counselling", (), None),
                (_("Help with schooling"), "study", (), None),
                (_("After-school care first"), "after_school", (), None),
            ),
        ),
        Section(
            _("Alliance: working as one"),
            _items(
                told,
                (_("Places of care"), "places", (), None),
                (_("Care and aid"), "aid", (), _by_agency(told)),
                (_("Spreading the word"), "publicity", (), None),
            ),
        ),
        Section(_("What is still wanting"), (), tuple(_problems(told))),
        Section(_("Next steps"), (), tuple(_next_steps(told))),
    )
    return tuple(each for each in parts if each.items or each.sentences)


Point = tuple[str, Place, Iterable[Sentence], Chart | None]


def _items(told: Material, *points: Point) -> tuple[Item, ...]:
    found = []
    for heading, place, own, chart in points:
        declared = (of_programme(each, told.figures) for each in told.programmes if each.section == place)
        sentences = (*own, *(each for each in declared if each is not None))
        if sentences:
            found.append(Item(heading, sentences, chart))
    return tuple(found)


def _cited(told: Material) -> str:
    return str(COMMA).join(f"《{title}》" + (f"（{number}）" if number else "") for title, number in told.documents)


def _leadership(told: Material) -> Iterator[Sentence]:
    if told.documents:
        yield Sentence(_("The work rests on {documents}.", documents=_cited(told)))
    heads = [what or duty for duty, what in told.leaders if duty == "组长"]
    members = [what or duty for duty, what in told.leaders if duty != "组长"]
    if heads and members:
        yield Sentence(
            _(
                "The leading group is led by: {heads}; its members come from: {members}.",
                heads=str(COMMA).join(heads),
                members=str(COMMA).join(dict.fromkeys(members)),
            )
        )


def _plans(told: Material) -> Iterator[Sentence]:
    responsible = sum(1 for each in told.programmes if each.assignee != "agency")
    if told.programmes:
        yield Sentence(
            _(
                "{programmes} care programmes run, each with its duty, its time and who answers for it; {schools} of them are "
                "carried out by schools and the bureau, {agencies} by partner agencies.",
                programmes=len(told.programmes),
                schools=responsible,
                agencies=len(told.programmes) - responsible,
            )
        )


def _departments(told: Material) -> Iterator[Sentence]:
    running = sorted({each.agency for each in told.programmes})
    if len(running) > 1:
        yield Sentence(
            _(
                "{agencies} work together, {number} agencies in all, each by its own programmes.",
                agencies=str(COMMA).join(told.agencies.get(each, each) for each in running),
                number=len(running),
            )
        )


def _roster(told: Material) -> Iterator[Sentence]:
    names = ("children", "boys", "girls", "in_poverty", "schools")
    keys = [f"registry.{name}" for name in names]
    if told.value("registry.children"):
        text = _(
            "The city has {children} left behind in compulsory education, {boys} boys and {girls} girls, {in_poverty} of them in "
            "poverty, in {schools}.",
            **{name: told.figures[key].text for name, key in zip(names, keys, strict=True)},
        )
        yield Sentence(text, tuple(keys))
    for key, urban, text in (
        ("registry.largest_town_school", True, _("In town most are at {schools}.")),
        ("registry.largest_country_school", False, _("In the country most are at {schools}.")),
    ):
        largest = _largest([each for each in told.schools if each.urban is urban])
        if largest:
            named = str(COMMA).join(each.name for each in largest)
            yield Sentence(text.format(schools=named), (key,))


def _largest(schools: Sequence[Any]) -> Sequence[Any]:
    """Return the schools that stand out: at most three, each with at least half as many children as the largest."""
    return [each for each in schools[:3] if each.counted * 2 >= schools[0].counted]


def _coverage(told: Material) -> Iterator[Sentence]:
    for name, text in (
        ("talk_coverage", _("Of the weekly talks that were due, {share} were held.")),
        ("tutoring_coverage", _("Of the weekly tutoring that was due, {share} was given.")),
    ):
        key = f"registry.{name}"
        if told.value(key):
            yield Sentence(text.format(share=told.figures[key].text), (key,))


def _problems(told: Material) -> Iterator[Sentence]:
    now, before = (f"registry.academic_concern_share{each}" for each in ("", "_before"))
    if told.value(now):
        share, earlier = told.figures[now].text, told.figures[before].text
        yield Sentence(_concern(share, earlier), (now, before) if earlier else (now,))
    key = "registry.family_contact_coverage"
    if told.value(key) and told.value(key) != "100.0%":
        share = told.figures[key].text
        yield Sentence(
            _("Families keep too little in touch: of the weekly calls that were due, {share} were made.", share=share),
            (key,),
        )
    paid, owed = "registry.subsidies_paid", "registry.subsidies_owed"
    if told.value(owed):
        text = _(
            "Funds fall short: of the subsidies for home teaching {paid} were paid, and {owed} are still owed.",
            paid=told.figures[paid].text,
            owed=told.figures[owed].text,
        )
        yield Sentence(text, (paid, owed))


def _concern(share: str, earlier: str) -> str:
    if not earlier:
        return _(
            "The academic base is weak: at the last assessment {share} of the children had an academic concern.",
            share=share,
        )
    rose = float(share.rstrip("%")) - float(earlier.rstrip("%"))
    shares = {"share": share, "earlier": earlier, "points": f"{abs(rose):.1f}"}
    if rose > 0:
        return _(
            "At the last assessment {share} of the children had an academic concern, {points} points more than the {earlier} of the "
            "one before: the academic base is weak, and not getting better.",
            **shares,
        )
    return _(
        "At the last assessment {share} of the children had an academic concern, against {earlier} at the one before: "
        "the academic base is still weak.",
        **shares,
    )


def _next_steps(told: Material) -> Iterator[Sentence]:
    concern, owed = "registry.academic_concern", "registry.subsidies_owed"
    if told.value(concern):
        text = _(
            "{children} with an academic concern are followed one by one, each by a plan of its own.",
            children=told.figures[concern].text,
        )
        yield Sentence(text, (concern,))
    behind = [
        key
        for name in ("talk_coverage", "tutoring_coverage", "family_contact_coverage", "visit_coverage")
        if told.value(key := f"registry.{name}") not in (None, "100.0%")
    ]
    if behind:
        named = str(COMMA).join(f"{told.figures[key].title}（{told.figures[key].text}）" for key in behind)
        yield Sentence(_("What is behind is made up for: {named}.", named=named), tuple(behind))
    if told.value(owed):
        yield Sentence(
            _("{owed} of subsidies are paid out as soon as possible.", owed=told.figures[owed].text), (owed,)
        )


def _by_school(told: Material) -> Chart | None:
    some = told.schools[:MOST_SCHOOLS]
    if not some:
        return None
    title = _("Left-behind children by school")
    people = str(Text(zh="人", en="children"))
    return Chart(title, "bars", people, tuple(x.name for x in some), tuple(float(x.counted) for x in some))


def _by_week(told: Material) -> Chart | None:
    weeks = {monday(week): share for week, share in told.weeks.items()}
    if len(weeks) < 2:
        return None
    shares = tuple(round(100 * done / owed, 1) if owed else None for done, owed in weeks.values())
    return Chart(_("Coverage of weekly talks"), "line", "%", tuple(f"{week:%m-%d}" for week in weeks), shares)


def _by_agency(told: Material) -> Chart | None:
    held: dict[str, float] = {}
    for each in told.programmes:
        for figure in each.figures:
            number = told.value(f"{each.code}.{figure.name}")
            if figure.of == "activities" and figure.own and figure.sum is None and not figure.distinct and number:
                held[each.agency] = held.get(each.agency, 0) + number
    if len(held) < 2:
        return None
    labels = tuple(told.agencies.get(each, each) for each in held)
    return Chart(_("Activities by agency"), "bars", str(Text(zh="场", en="activities")), labels, tuple(held.values()))
