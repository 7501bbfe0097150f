"""What the registry does with the notifier's messages."""

from sqlalchemy.orm import Session

from hongzhu.messages import NoticeSettled
from hongzhu_registry.notices.models import Notice


def on_notice_settled(session: Session, message: NoticeSettled) -> None:
    """Put a settled notice where its recipient finds it."""
    session.add(
        Notice(
            id=message.id,
            recipient_id=message.recipient_id,
            channel=message.channel,
            day=message.day,
            outcome=message.outcome,
            urgent=message.urgent,
            lines=[line.model_dump(mode="json") for line in message.lines],
        )
    )
