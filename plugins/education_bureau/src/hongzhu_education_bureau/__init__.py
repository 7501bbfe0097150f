"""教育局: the education bureau is an agency like the others; here is who it is and what it promises."""

from hongzhu.agency import Agency
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import Programme
from hongzhu_education_bureau.programmes import of_children_in_need, of_every_child, of_schools


@hook
def agency() -> Agency:
    """Be the education bureau."""
    return Agency(
        name="education_bureau",
        title=Text(zh="市教育局", en="Education Bureau"),
        also=("教育局", "永安市教育局"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise what schools and children are owed."""
    return [*of_schools(), *of_every_child(), *of_children_in_need()]
