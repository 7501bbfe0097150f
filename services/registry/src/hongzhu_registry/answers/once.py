"""A POST with an Idempotency-Key is carried out once, and whoever asks the same again has the answer again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic_core import to_jsonable_python
from sqlalchemy import update

from hongzhu.clock import now
from hongzhu.database import upsert
from hongzhu.errors import InvalidError
from hongzhu_registry.answers.models import Answered
from hongzhu_registry.rest import Asking, InTransaction, in_place
from hongzhu_registry.sealing import key_ring


class Once:
    """Carries out a POST once for each Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""

    def __init__(
        self,
        request: Request,
        session: InTransaction,
        principal: Asking,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> None:
        self._request = request
        self._session = session
        self._principal = principal
        self._key = idempotency_key

    def __call__(self, act: Callable[[], Mapping[str, Any]], body: Any, status: int = 201) -> JSONResponse:
        """Answer with what `act` returns, or with what it returned the first time."""
        if self._key is None:
            return JSONResponse(_plain(act()), status)
        fingerprint = hashlib.sha256(
            json.dumps([self._request.url.path, _plain(body)], sort_keys=True).encode()
        ).digest()
        # The row is taken before the act, so that a second request with the key waits for the first one's commit.
        taken = self._session.execute(
            upsert(self._session, Answered.__table__)  # type: ignore[arg-type]  # a declarative class's table is a Table
            .values(
                account_id=self._principal.account_id,
                key=self._key,
                request_hash=fingerprint,
                status=0,
                answered_at=now(),
            )
            .on_conflict_do_nothing()
        )
        cell = "answered", f"answer.{self._key}", self._principal.account_id
        if not taken.rowcount:  # type: ignore[attr-defined]  # an INSERT answers with a CursorResult
            row = self._session.get_one(Answered, (self._principal.account_id, self._key))
            if row.request_hash != fingerprint:
                raise InvalidError("This Idempotency-Key was used for another request; take a new key.")
            return JSONResponse(json.loads(key_ring().open(row.answer, *cell) or "null"), row.status)
        answer = _plain(act())
        mine = Answered.account_id == self._principal.account_id, Answered.key == self._key
        sealed = key_ring().seal(json.dumps(answer), *cell)
        self._session.execute(update(Answered.__table__).where(*mine).values(answer=sealed, status=status))  # type: ignore[arg-type]  # it is a Table
        return JSONResponse(answer, status)


OnlyOnce = Annotated[Once, Depends(in_place(Once))]


def _plain(value: Any) -> Any:
    """Write what is asked or answered as the framework writes an answer, so that the first one and a repeated one are alike."""
    return to_jsonable_python(value, by_alias=False, fallback=str)
