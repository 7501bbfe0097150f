"""Keeping a photo with what it shows, opening it, and taking it out."""

import base64

from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.errors import MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.photos import queries
from hongzhu_registry.photos.image import jpeg
from hongzhu_registry.photos.models import Photo
from hongzhu_registry.records import service as records
from hongzhu_registry.sealing import key_ring


def keep(session: Session, principal: Principal, of: str, school_id: str, sent: str) -> None:
    """Keep the photo of a record or an activity, instead of the one there was; raises `InvalidError` when it is none."""
    photo = session.get(Photo, of) or Photo(id=of, school_id=school_id)
    photo.image = key_ring().seal(jpeg(sent), "photo", "image", of)
    photo.filed_by, photo.filed_at = principal.account_id, now()
    session.add(photo)
    session.flush()


def keep_of_record(session: Session, principal: Principal, record_id: str, sent: str) -> None:
    """Keep the photo of a record that somebody may change; raises `MissingError`, `ConflictError`, `InvalidError`."""
    keep(session, principal, record_id, records.own(session, principal, record_id).school_id, sent)


def opened(session: Session, principal: Principal, photo_id: str) -> bytes:
    """Open a photo in sight; raises `MissingError`."""
    statement = queries.seen(principal, Photo.image).where(Photo.id == photo_id)
    image = key_ring().open(session.scalar(statement), "photo", "image", photo_id)
    if image is None:
        raise MissingError
    return base64.b64decode(image)


def take_out(session: Session, principal: Principal, photo_id: str) -> None:
    """Take a photo out for good: whoever added it, the school's coordinator, or the bureau; raises `MissingError`."""
    found = session.scalar(queries.seen(principal, Photo).where(Photo.id == photo_id))
    if found is None:
        raise MissingError
    if not (principal.is_bureau or principal.role == "school" or found.filed_by == principal.account_id):
        raise MissingError
    session.delete(found)
