"""``/photos/…``: the pictures that a dossier shows."""

from fastapi.responses import Response

from hongzhu_registry.pages import SECURITY_HEADERS
from hongzhu_registry.photos import service
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import Pages, Reading

router = Pages()


@router.get("/photos/{photo_id}")
def show_photo(session: InTransaction, reader: Reading, photo_id: str) -> Response:
    """Show a photo; no browser keeps it."""
    reader.must_be("bureau", "school")
    headers = {"Cache-Control": "no-store", **SECURITY_HEADERS}
    return Response(service.opened(session, reader, photo_id), media_type="image/jpeg", headers=headers)
