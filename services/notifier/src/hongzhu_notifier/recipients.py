"""Who is told and where, as the registry knows it at this moment."""

from collections import defaultdict
from collections.abc import Iterable
from threading import Event
from uuid import uuid4

from hongzhu.messages import batches
from hongzhu.registry_client import RegistryClient, token_of
from hongzhu.settings import settings
from hongzhu_notifier.digest import Owed, Recipient, Told

_AT_ONCE = 10_000
"""Subjects that one question may name."""


def registry() -> RegistryClient:
    """Open the registry's API; a registry that is away is asked again at the next tick, not waited for."""
    at_once = Event()
    at_once.set()
    return RegistryClient(settings().registry_url, token_of("notifier"), stop=at_once)


def ask(client: RegistryClient, place: str, owed: Iterable[Owed]) -> Told:
    """Ask the registry who in a school, or at the bureau, is told of what is owed; a subject that nobody is told of is missing."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for each in owed:
        subjects[each.assignee].add(each.subject_id)
    told: dict[tuple[str, str], Recipient] = {}
    # A cause of its own each time: addresses must be today's, never an earlier answer given again.
    with client.because_of(str(uuid4())):
        for assignee, asked in sorted(subjects.items()):
            for some in batches(sorted(asked), _AT_ONCE):
                question = {"school_id": place, "assignee": assignee, "subjects": some}
                for item in client.post("/recipients", question)["items"]:
                    recipient = Recipient(item["recipient_id"], item["email"], item["link"])
                    for subject_id in item["subjects"]:
                        told.setdefault((assignee, subject_id), recipient)
    return told
