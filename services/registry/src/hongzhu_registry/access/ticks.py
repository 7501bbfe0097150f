"""What the clock does about who comes in, and how far."""

import logging

from sqlalchemy import text

from hongzhu_registry.access import throttle
from hongzhu_registry.access.service import forget_tokens
from hongzhu_registry.database import database

log = logging.getLogger(__name__)


def see_wall_holds() -> bool:
    """Say whether the second wall holds back the account that this process signs in with, and complain if it does not."""
    with database.transaction() as session:
        if session.get_bind().dialect.name != "postgresql":
            return True
        around = session.scalar(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))
    if around:
        log.error("the registry's account on PostgreSQL gets around row-level security; give it one that does not")
    return not around


def forget_sign_ins() -> None:
    """Drop what is left of sign-ins that are over: tokens, counters, and addresses that nobody comes from any more."""
    with database.transaction() as session:
        forget_tokens(session)
        throttle.forget(session)
