"""Taking in the documents that programmes rest on."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.documents.models import Document
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Document as Row


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the documents of a sheet."""
    found = Distinct(result)
    for row in rows:
        found.add(
            row.source,
            {
                "identity": identity(Document, row.number or row.title),
                "number": row.number or None,
                "title": row.title,
                "issuer": row.issuer or None,
                "year": row.year,
            },
        )
    keep(session, Document, found, result, "documents")
