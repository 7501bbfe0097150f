"""``/documents``: what programmes rest on."""

from pydantic import Field

from hongzhu_registry.documents.models import Document
from hongzhu_registry.resource import New, resource


class NewDocument(New):
    """A plan or a notice, as it is cited."""

    number: str | None = Field(None, max_length=50)
    title: str = Field(max_length=200)
    issuer: str | None = Field(None, max_length=100)
    year: int | None = Field(None, ge=1949, le=2200)


router = resource("/documents", Document, NewDocument)
