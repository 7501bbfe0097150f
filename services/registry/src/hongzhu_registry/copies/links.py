"""The signed link for a guardian: it opens the copy of one child's dossier, for a week, and nothing else."""

from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from hongzhu.clock import now
from hongzhu.errors import MissingError
from hongzhu.settings import settings
from hongzhu_registry.sealing import key_ring

LASTS = timedelta(days=7)


class CopyLinkExpiredError(MissingError):
    """A link is too old, was called back or never given: they look alike on purpose."""

    title = "This link no longer opens"


def expired() -> CopyLinkExpiredError:
    """Say that a link opens nothing, and who gives a new one."""
    return CopyLinkExpiredError("A link lasts for seven days. The school or the bureau can give you a new one.")


def _signer() -> URLSafeTimedSerializer:
    # A salt of its own: a link to a teacher's week opens no dossier.
    return URLSafeTimedSerializer(key_ring().link, salt="guardians-copy")


def link_to_copy(child_id: str) -> str:
    """Return the link that opens the copy of a child's dossier."""
    return f"{settings().public_url or settings().registry_url}/g/{_signer().dumps([child_id, now().isoformat()])}"


def read(token: str) -> tuple[str, datetime]:
    """Return whose copy a link opens and when it was made; raises `CopyLinkExpiredError` for one that is forged or too old."""
    try:
        child_id, made_at = _signer().loads(token, max_age=int(LASTS.total_seconds()))
    except BadData as error:
        raise expired() from error
    return child_id, datetime.fromisoformat(made_at)
