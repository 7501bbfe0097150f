"""``/photos``: each is called by the id of the record, or activity, that it belongs to."""

import base64
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from hongzhu_registry.photos import queries, service
from hongzhu_registry.photos.models import Photo
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/photos", tags=["photos"])

_COLUMNS = (Photo.id, Photo.school_id, Photo.filed_at)


class Picture(BaseModel):
    """A picture, in base64."""

    model_config = ConfigDict(extra="forbid")

    image: str


@router.get("")
def list_photos(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the photos in sight, without the pictures."""
    principal.must_see("photo")
    return page.of(session, queries.seen(principal, *_COLUMNS), Photo.__table__.c.id)


@router.get("/{photo_id}")
def show_photo(session: InTransaction, principal: Asking, photo_id: str) -> dict[str, Any]:
    """Show a photo: a JPEG, in base64."""
    principal.must_see("photo")
    return {"id": photo_id, "image": base64.b64encode(service.opened(session, principal, photo_id)).decode()}


@router.put("/{photo_id}", status_code=204)
def keep_photo(session: InTransaction, principal: Asking, photo_id: str, picture: Picture) -> Response:
    """Add a photo to a record, instead of the one there was: whoever filed it, the school's coordinator, or the bureau."""
    principal.must_see("photo")
    service.keep_of_record(session, principal, photo_id, picture.image)
    return Response(status_code=204)


@router.delete("/{photo_id}", status_code=204)
def take_photo_out(session: InTransaction, principal: Asking, photo_id: str) -> Response:
    """Take a photo out for good."""
    principal.must_see("photo")
    service.take_out(session, principal, photo_id)
    return Response(status_code=204)
