"""The registry as a service: what it listens to and what it shows."""

from sqlalchemy.exc import SQLAlchemyError

from hongzhu import bus
from hongzhu.clock import today
from hongzhu.errors import ConfigurationError
from hongzhu.messages import NoticeSettled, TaskClosed, TaskDue
from hongzhu.service import Service, Tick
from hongzhu.settings import settings
from hongzhu_registry import tables
from hongzhu_registry.access.service import agencies_with_accounts, bring_in_accounts
from hongzhu_registry.access.ticks import forget_sign_ins, see_wall_holds
from hongzhu_registry.agencies.provision import declare_queue
from hongzhu_registry.answers.ticks import forget_answers
from hongzhu_registry.app import make_app
from hongzhu_registry.audit.service import ANCHORS
from hongzhu_registry.audit.ticks import seal_new
from hongzhu_registry.database import database
from hongzhu_registry.imports.ticks import give_up_cut_off
from hongzhu_registry.notices.consumers import on_notice_settled
from hongzhu_registry.offices import service as offices
from hongzhu_registry.offices.ticks import bring_up_to_date
from hongzhu_registry.retention.ticks import anonymise_due
from hongzhu_registry.schools.queries import names
from hongzhu_registry.sealing import fingerprints
from hongzhu_registry.supporters.ticks import tell_agencies
from hongzhu_registry.tallies.ticks import catch_up
from hongzhu_registry.tasks.consumers import on_task_closed, on_task_due
from hongzhu_registry.tasks.queries import count_by_state


def _after_migrate() -> None:
    """Open the accounts the configuration names, and see that every agency has its queue."""
    with database.transaction() as session:
        bring_in_accounts(session)
        agencies = agencies_with_accounts(session)
    with bus.connect(settings().broker_url) as connection:
        for agency in agencies:
            declare_queue(connection, agency)


def _agencies_queues() -> list[str]:
    """Name the queues of all agencies with an account, wherever they run; none where the registry's database is not seen."""
    try:
        with database.transaction() as session:
            return [f"agency.{name}" for name in agencies_with_accounts(session)]
    except (ConfigurationError, SQLAlchemyError):
        return []


assert tables.tables, "every noun's tables are known before a migration looks"

service = Service(
    name="registry",
    database=database,
    consumers={TaskDue: on_task_due, TaskClosed: on_task_closed, NoticeSettled: on_notice_settled},
    ticks=(
        Tick("seal-audit", 5, seal_new),
        Tick("see-second-wall", 3600, see_wall_holds),
        Tick("forget-answers", 3600, forget_answers),
        Tick("give-up-imports", 60, give_up_cut_off),
        Tick("say-offices", 2, bring_up_to_date),
        Tick("catch-up", 2, catch_up),
        Tick("tell-of-supporters", 2, tell_agencies),
        Tick("anonymise-due", 3600, anonymise_due),
        Tick("forget-sign-ins", 3600, forget_sign_ins),
    ),
    web=make_app,
    keeps_queues=_agencies_queues,
    keeps_files=(ANCHORS,),
    keys=fingerprints,
    after_migrate=_after_migrate,
    names=names,
    busy=offices.is_left,
    ledger=lambda session: count_by_state(session, today()),
)
