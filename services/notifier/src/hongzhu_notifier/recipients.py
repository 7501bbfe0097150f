"""Who is told and where, as the registry knows it at this moment."""

from collections import defaultdict
from collections.abc import Iterable
from threading import Event
from uuid import uuid4

from hongzhu.registry_client import RegistryClient, token_of
from hongzhu.settings import settings
from hongzhu_notifier.digest import Owed, Recipient, Told


def registry() -> RegistryClient:
    """Open the registry's API; a registry that is away is asked again at the next tick, not waited for."""
    at_once = Event()
    at_once.set()
    return RegistryClient(settings().registry_url, token_of("notifier"), stop=at_once)


def ask(client: RegistryClient, school_id: str, owed: Iterable[Owed]) -> Told:
    """Ask the registry who in a school is told of what is owed; a subject that nobody is told of is missing."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for each in owed:
        subjects[each.assignee].add(each.subject_id)
    told: dict[tuple[str, str], Recipient] = {}
    # A cause of its own each time: addresses must be today's, never an earlier answer given again.
    with client.because_of(str(uuid4())):
        for assignee, asked in sorted(subjects.items()):
            question = {"school_id": school_id, "assignee": assignee, "subjects": sorted(asked)}
            for item in client.post("/recipients", question)["items"]:
                recipient = Recipient(item["recipient_id"], item["email"], item["link"])
                for subject_id in item["subjects"]:
                    told.setdefault((assignee, subject_id), recipient)
    return told
