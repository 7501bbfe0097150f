"""A programme's rule as SQL: pure, and of one mind with `hongzhu.programme.holds`."""

from sqlalchemy import ColumnElement, FromClause, and_, false, not_, or_, true

from hongzhu.programme import All, AnyOf, Not, Rule, Where, leaves

OF_SCHOOL = "school."
"""What the name of a fact of the child's school begins with."""


def asks_school(rule: Rule) -> bool:
    """Say whether the rule asks about the facts of a child's school."""
    return any(leaf.fact.startswith(OF_SCHOOL) for leaf in leaves(rule))


def compiled(rule: Rule, subject: FromClause, school: FromClause) -> ColumnElement[bool]:
    """Say the rule over the columns of a subject and of its school; true or false for every row, never NULL."""
    match rule:
        case Where(fact=fact, is_one_of=values):
            table = school if fact.startswith(OF_SCHOOL) else subject
            column = table.c[fact.removeprefix(OF_SCHOOL)]
            # NULL IN (…) is NULL, and NOT NULL would be NULL again: an unknown fact must be plainly false.
            return and_(column.is_not(None), column.in_(values))
        case All(all=rules):
            return and_(true(), *(compiled(each, subject, school) for each in rules))
        case AnyOf(any=rules):
            return or_(false(), *(compiled(each, subject, school) for each in rules))
        case Not(rule=inner):
            return not_(compiled(inner, subject, school))
