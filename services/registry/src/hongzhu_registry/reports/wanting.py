"""What is still wanting, and what comes next: said from figures, and silent on what they do not show."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hongzhu.i18n import Text, _
from hongzhu_registry.reports.document import Figure, Sentence
from hongzhu_registry.reports.wording import COMMA, numeral

Figures = Mapping[str, Figure]
WEEKLY = ("talk_coverage", "tutoring_coverage", "family_contact_coverage")
"""What is owed every week, and so is behind when it is not whole; a year's visit still has its year."""


def problems(figures: Figures) -> tuple[Sentence, ...]:
    """Say how schooling goes, whether families are in touch, and what money is owed."""
    return _numbered((*_schooling(figures), *_contact(figures), *_money(figures)))


def next_steps(figures: Figures) -> tuple[Sentence, ...]:
    """Say what follows from that."""
    return _numbered(_steps(figures))


def _value(figures: Figures, name: str) -> int | str | None:
    figure = figures.get(f"registry.{name}")
    return figure.value if figure else None


def _numbered(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    some = tuple(sentences)
    if len(some) < 2:
        return some
    marks = (Text(zh=f"{numeral(number)}是", en=f"({number}) ") for number in range(1, len(some) + 1))
    return tuple(replace(each, text=f"{mark}{each.text}") for mark, each in zip(marks, some, strict=True))


def _schooling(figures: Figures) -> Iterator[Sentence]:
    now, before = "academic_concern_share", "academic_concern_share_before"
    if _share(_value(figures, now)) == 0:
        return
    share, earlier = figures[f"registry.{now}"].text, figures[f"registry.{before}"].text
    if not earlier:
        text = _(
            "Schooling is weak: at the last assessment {share} of the children had an academic concern.", share=share
        )
        yield Sentence(text, (f"registry.{now}",))
        return
    points = _share(share) - _share(earlier)
    shares = {"share": share, "earlier": earlier, "points": f"{abs(points):.1f}"}
    if points > 0:
        text = _(
            "Schooling is weak: at the last assessment {share} of the children had an academic concern, against {earlier} at the one "
            "before, which is {points} points more.",
            **shares,
        )
    elif points < 0:
        text = _(
            "Schooling is still weak: at the last assessment {share} of the children had an academic concern, against {earlier} at "
            "the one before, which is {points} points less.",
            **shares,
        )
    else:
        text = _(
            "Schooling is still weak: at the last assessment {share} of the children had an academic concern, as at the one before.",
            share=share,
        )
    yield Sentence(text, (f"registry.{now}", f"registry.{before}"))


def _share(written: int | str | None) -> float:
    return float(written.rstrip("%")) if isinstance(written, str) else 0.0


def _contact(figures: Figures) -> Iterator[Sentence]:
    key = "registry.family_contact_coverage"
    if _is_behind(figures, "family_contact_coverage"):
        text = _(
            "Families are too seldom in touch: of the weekly calls that were due, {share} were made.",
            share=figures[key].text,
        )
        yield Sentence(text, (key,))


def _is_behind(figures: Figures, name: str) -> bool:
    return _value(figures, name) not in (None, "100.0%")


def _money(figures: Figures) -> Iterator[Sentence]:
    paid, owed = "registry.subsidies_paid", "registry.subsidies_owed"
    if not _value(figures, "subsidies_owed"):
        return
    texts = {"paid": figures[paid].text, "owed": figures[owed].text}
    if _value(figures, "subsidies_paid"):
        text = _(
            "Funds fall short: of the subsidies for home teaching {paid} were paid, and {owed} are still owed.", **texts
        )
        yield Sentence(text, (paid, owed))
    else:
        yield Sentence(
            _("Funds fall short: {owed} of subsidies for home teaching are still owed.", owed=texts["owed"]), (owed,)
        )


def _steps(figures: Figures) -> Iterator[Sentence]:
    concern, owed = "registry.academic_concern", "registry.subsidies_owed"
    if _value(figures, "academic_concern"):
        text = _(
            "Follow {children} with an academic concern one by one, each with a plan of their own.",
            children=figures[concern].text,
        )
        yield Sentence(text, (concern,))
    behind = [f"registry.{name}" for name in WEEKLY if _is_behind(figures, name)]
    if behind:
        bracketed = (Text(zh=f"（{figures[key].text}）", en=f" ({figures[key].text})") for key in behind)
        named = str(COMMA).join(f"{figures[key].title}{share}" for key, share in zip(behind, bracketed, strict=True))
        yield Sentence(_("What is behind is made up for: {named}.", named=named), tuple(behind))
    if _value(figures, "subsidies_owed"):
        yield Sentence(
            _("{owed} of subsidies for home teaching are paid out as soon as possible.", owed=figures[owed].text),
            (owed,),
        )
