"""WeCom, DingTalk and Feishu against a server that holds to what they document: limits, signatures, codes in an answer of 200."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from hongzhu import clock
from hongzhu.errors import ConfigurationError
from hongzhu.i18n import Text
from hongzhu.testing.databases import Configure
from hongzhu_notifier.channels import MINUTE, Limit, wecom_app
from hongzhu_notifier.channels.feishu_robot import FeishuRobot
from hongzhu_notifier.service import service
from hongzhu_notifier.tables import database, delivery

from .conftest import MONDAY, TALK, TUTORING, WireRegistry, due, log, programme, published, receive, states, tell
from .messengers import CORP_SECRET, KEY, PATHS, SECRET, Messenger

ADDRESS = "canary.teacher@school.test"
TOMORROW = MONDAY + timedelta(days=1)
ROBOTS = tuple(PATHS)
PUBLIC = "https://care.bureau.test"

pytestmark = pytest.mark.usefixtures("notifier")


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    wecom_app._tokens.clear()
    stand_in = Messenger()
    with stand_in.serving():
        yield stand_in


def use(configure: Configure, name: str, robots: dict[str, str], also: str = "") -> None:
    ways = ",".join(filter(None, [also, name]))
    configure(**{"channels": ways, f"{name}s": json.dumps(robots), "public_url": PUBLIC})


@pytest.mark.parametrize("name", ROBOTS)
def test_a_group_reads_once_a_day_how_much_there_is_and_where_and_nobodys_name_or_link(
    configure: Configure, registry: WireRegistry, messenger: Messenger, name: str
) -> None:
    use(configure, name, {"s1": messenger.robot(name)}, also="inbox")
    registry.knows("t1", "c1", "c2")
    receive(programme(), programme(TUTORING, name=Text(zh="辅导", en="Tutoring")))
    receive(due("c1", "c2", "c3"), due("c1", code=TUTORING), due("c9", school="s2"))
    tell()
    tell()
    ((robot, text),) = messenger.said
    assert robot == KEY
    assert "Care tasks to do: 4" in text
    assert "Weekly talk: 3" in text
    assert "Tutoring: 1" in text
    assert text.endswith(PUBLIC)
    assert not {word for word in ("t1", "c1", "hongzhu.test/l/") if word in text}
    assert ("s1", name, "sent", {TALK: 3, TUTORING: 1}) in log()
    assert states()["c1"] == "told"
    assert states()["c3"] == "told", "whom nobody else is told of, the group is"
    assert states()["c9"] == "waiting", "a school without a robot has none"


@pytest.mark.parametrize("name", ROBOTS)
def test_a_code_in_an_answer_of_200_is_no_success_and_tomorrow_it_is_told_again(
    configure: Configure, messenger: Messenger, name: str
) -> None:
    use(configure, name, {"s1": messenger.robot(name, secret="other", key="other")})
    receive(programme(), due("c1"))
    tell()
    assert (messenger.said, log()) == ([], [("s1", name, "failed", {TALK: 1})])
    assert states() == {"c1": "waiting"}
    use(configure, name, {"s1": messenger.robot(name)})
    tell()
    assert messenger.said == [], "today's is over"
    clock.stand_on(TOMORROW)
    tell()
    assert len(messenger.said) == 1


@pytest.mark.parametrize("name", ROBOTS)
def test_whoever_was_told_is_not_told_again_because_the_group_was_not(
    configure: Configure, registry: WireRegistry, messenger: Messenger, name: str
) -> None:
    use(configure, name, {"s1": messenger.robot(name)}, also="inbox")
    messenger.answers = 400, b"{}"
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))
    tell()
    clock.stand_on(TOMORROW)
    tell()
    assert sorted(log()) == [("s1", name, "failed", {TALK: 1}), ("t1", "inbox", "sent", {TALK: 1})]


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize(
    "answers", [None, (502, b"<html>"), (200, b"<html>"), (200, b"[]"), (200, b'{"errcode": -1, "code": -1}')]
)
def test_an_outcome_that_nobody_knows_is_maybe_sent_and_never_repeated(
    configure: Configure, messenger: Messenger, name: str, answers: tuple[int, bytes] | None
) -> None:
    use(configure, name, {"s1": messenger.robot(name)})
    messenger.answers = answers
    messenger.dies_at = None if answers else "/"
    receive(programme(), due("c1"))
    tell()
    assert log() == [("s1", name, "maybe_sent", {TALK: 1})]
    clock.stand_on(TOMORROW)
    tell()
    assert len(messenger.said) == 1
    assert [notice["outcome"] for notice in published()] == ["maybe_sent"]


@pytest.mark.parametrize(("name", "most"), [("wecom_robot", 20), ("dingtalk_robot", 20), ("feishu_robot", 5)])
def test_who_would_be_one_too_many_waits_a_minute_and_then_goes(
    configure: Configure, messenger: Messenger, name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Feishu's five are of a second, which on a slow machine is over before the sixth is tried.
    monkeypatch.setattr(FeishuRobot, "limits", (Limit(5, MINUTE),))
    schools = [f"s{number}" for number in range(most + 4)]
    apart = messenger.robot(name, key=f"{KEY}-apart")
    # The same robot, however its address is written; and one that is by itself.
    use(configure, name, {**dict.fromkeys(schools, messenger.robot(name)), "s-apart": apart})
    receive(programme(), *(due(f"c-{school}", school=school) for school in [*schools, "s-apart"]))
    tell()
    tell()
    assert messenger.asked.total() == most + 1, "each robot its own measure"
    assert {status for _, _, status, _ in log()} == {"sent"}
    assert sorted(states().values()).count("waiting") == 4
    messenger.turn_the_clock()
    with database.transaction() as session:
        session.execute(update(delivery).values(reserved_at=clock.now() - timedelta(seconds=71)))
    tell()
    assert len(messenger.said) == most + 5
    assert set(states().values()) == {"told"}
    assert {status for _, _, status, _ in log()} == {"sent"}


@pytest.mark.parametrize(
    ("name", "most"), [("wecom_robot", 2048), ("dingtalk_robot", 20_000), ("feishu_robot", 20_480)]
)
def test_a_long_digest_is_cut_to_what_the_robot_takes_and_keeps_its_link(
    configure: Configure, messenger: Messenger, name: str, most: int
) -> None:
    use(configure, name, {"s1": messenger.robot(name)})
    codes = [f"bureau.number_{number}" for number in range(150)]
    receive(*(programme(code, name=Text(zh="很长的名字" * 12, en="很长的名字" * 12)) for code in codes))
    receive(*(due("c1", code=code) for code in codes))
    tell()
    ((_, text),) = messenger.said
    assert len(text.encode()) <= most
    assert text.startswith("Care tasks to do: 150\n")
    assert text.endswith(f"\n…\nSee whom and file what was done: {PUBLIC}")


@pytest.mark.parametrize("name", ROBOTS)
def test_what_is_urgent_is_nothing_for_a_group(
    configure: Configure, registry: WireRegistry, messenger: Messenger, name: str
) -> None:
    use(configure, name, {"s1": messenger.robot(name)}, also="inbox")
    registry.knows("t1", "c1")
    receive(programme(urgent=True), due("c1"))
    tell()
    assert [(who, way) for who, way, _, _ in log()] == [("t1", "inbox")]
    assert messenger.asked.total() == 0


def by_app(configure: Configure, registry: WireRegistry, messenger: Messenger, email: str = ADDRESS) -> None:
    configure(channels="wecom_app", wecom_app_url=messenger.app)
    registry.knows("t1", "c1", email=email)
    receive(programme(), due("c1"))


def test_a_member_of_wecom_is_found_by_address_and_told_with_the_link_of_their_own(
    configure: Configure, registry: WireRegistry, messenger: Messenger
) -> None:
    by_app(configure, registry, messenger)
    tell()
    tell()
    ((member, text),) = messenger.said
    assert member == "t-one"
    assert text.endswith("https://hongzhu.test/l/t1")
    assert log() == [("t1", "wecom_app", "sent", {TALK: 1})]
    clock.stand_on(TOMORROW)
    receive(due("c1", day=MONDAY + timedelta(weeks=1)))
    clock.stand_on(MONDAY + timedelta(weeks=1))
    tell()
    assert len(messenger.said) == 2
    assert messenger.asked["/cgi-bin/gettoken"] == 1, "a token is kept for as long as it is good"


def test_a_token_that_ended_is_renewed_and_nothing_sent_twice(
    configure: Configure, registry: WireRegistry, messenger: Messenger
) -> None:
    by_app(configure, registry, messenger)
    wecom_app._tokens[messenger.app] = "ended"
    tell()
    assert [member for member, _ in messenger.said] == ["t-one"]
    assert messenger.asked["/cgi-bin/gettoken"] == 1


def test_whom_wecom_does_not_know_or_does_not_show_the_application_is_not_told(
    configure: Configure, registry: WireRegistry, messenger: Messenger
) -> None:
    by_app(configure, registry, messenger, email="nobody@school.test")
    registry.knows("t2", "c2", email=ADDRESS)
    messenger.hidden.add("t-one")
    receive(due("c2"))
    tell()
    assert messenger.said == []
    assert [(who, status) for who, _, status, _ in log()] == [("t1", "failed"), ("t2", "failed")]


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ("/cgi-bin/gettoken", "failed"),
        ("/cgi-bin/user/get_userid_by_email", "failed"),
        ("/cgi-bin/message/send", "maybe_sent"),
    ],
)
def test_only_where_the_message_was_under_way_does_nobody_know(
    configure: Configure, registry: WireRegistry, messenger: Messenger, call: str, outcome: str
) -> None:
    by_app(configure, registry, messenger)
    messenger.dies_at = call
    tell()
    assert log() == [("t1", "wecom_app", outcome, {TALK: 1})]


def test_a_member_is_told_of_thirty_urgent_things_a_minute_and_the_others_wait(
    configure: Configure, registry: WireRegistry, messenger: Messenger
) -> None:
    configure(channels="wecom_app", wecom_app_url=messenger.app)
    pupils = [f"c{number}" for number in range(33)]
    registry.knows("t1", *pupils, email=ADDRESS)
    receive(programme(urgent=True), due(*pupils))
    tell()
    tell()
    assert len(messenger.said) == 30
    with database.transaction() as session:
        session.execute(update(delivery).values(reserved_at=clock.now() - timedelta(seconds=71)))
    tell()
    assert len(messenger.said) == 33
    assert set(states().values()) == {"told"}


@pytest.mark.parametrize("name", [*ROBOTS, "wecom_app"])
@pytest.mark.parametrize("answers", [None, (200, json.dumps({"errcode": 1, "code": 1, "errmsg": ADDRESS}).encode())])
def test_no_key_no_secret_no_address_and_no_link_is_ever_logged_stored_or_published(
    configure: Configure,
    registry: WireRegistry,
    messenger: Messenger,
    name: str,
    answers: tuple[int, bytes] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    if name == "wecom_app":
        by_app(configure, registry, messenger)
    else:
        use(configure, name, {"s1": messenger.robot(name)})
        receive(programme(), due("c1"))
    messenger.answers = answers
    messenger.dies_at = None if answers else "/"
    tell()
    said = "\n".join(record.getMessage() for record in caplog.records) + str(log()) + str(published())
    assert name in said
    for hidden in (KEY, SECRET, CORP_SECRET, "corp%2Fsecret", ADDRESS, "hongzhu.test/l/", PUBLIC):
        assert hidden not in said, hidden


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ("wecom_robot", {}),
        ("feishu_robot", {"feishu_robots": '{"s1": "open.feishu.cn/hook"}'}),
        ("dingtalk_robot", {"dingtalk_robots": "{}"}),
        ("wecom_app", {}),
        ("wecom_app", {"wecom_app_url": "https://qyapi.weixin.qq.com/1000002"}),
        ("wecom_app", {"wecom_app_url": "https://corp:secret@qyapi.weixin.qq.com/agent"}),
    ],
)
def test_a_messenger_that_cannot_work_stops_the_service_at_its_start(
    configure: Configure, ways: str, told: dict[str, str]
) -> None:
    configure(channels=ways, **told)
    with pytest.raises(ConfigurationError, match=f"HONGZHU_{ways.upper()}"):
        service.migrate()
