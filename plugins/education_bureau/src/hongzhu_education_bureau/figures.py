"""What the implementation report counts and says of what the education bureau promises, by the programme's own name."""

from typing import Any

from hongzhu.figures import Figure
from hongzhu.i18n import Text

CHILDREN = Text(zh="人", en=" children")
SCHOOLS = Text(zh="所", en=" schools")
YUAN = Text(zh="元", en=" yuan")


def _once_a_child(of: Any, kind: str, zh: str, en: str) -> Figure:
    return Figure(name="children", title=Text(zh=zh, en=en), unit=CHILDREN, of=of, kind=kind, distinct="child")


REPORT: dict[str, dict[str, Any]] = {
    "city_leading_group": {
        "section": "organisation",
        "figures": (
            Figure(
                name="members",
                title=Text(zh="市级领导小组成员", en="Members of the city's leading group"),
                unit=Text(zh="人", en=" members"),
                of="leaders",
                where={"level": "city"},
            ),
        ),
        "sentence": Text(
            zh="成立市“红烛暖心”计划专项工作领导小组，成员{members}，负责加强对关爱工作的统筹指导。",
            en="The city's leading group had {members} and guided the work.",
        ),
    },
    "leading_group": {
        "section": "organisation",
        "figures": (
            Figure(
                name="schools",
                title=Text(zh="成立领导小组的学校", en="Schools with a leading group"),
                unit=SCHOOLS,
                of="leaders",
                where={"level": "school"},
                distinct="school",
            ),
        ),
        "sentence": Text(
            zh="学校相应成立关爱留守儿童领导小组，覆盖{schools}学校。",
            en="{schools} set up leading groups of their own.",
        ),
    },
    "roster": {
        "section": "roster",
        "figures": (
            Figure(
                name="schools",
                title=Text(zh="确认名册的学校", en="Schools that confirmed their roster"),
                unit=SCHOOLS,
                of="records",
                kind="roster_confirmed",
                distinct="school",
            ),
        ),
        "sentence": Text(
            zh="各校核对确认留守儿童名册，已确认{schools}。", en="{schools} confirmed that their rosters are right."
        ),
    },
    "birthday": {
        "section": "contact",
        "figures": (
            Figure(
                name="homes",
                title=Text(zh="建立“留守儿童之家”的学校", en="Schools with a home for left-behind children"),
                unit=SCHOOLS,
                of="schools",
                where={"has_home": True},
            ),
            Figure(
                name="events",
                title=Text(zh="集体生日场次", en="Collective birthdays"),
                unit=Text(zh="场", en=" birthdays"),
                of="activities",
                kind="birthday",
            ),
            _once_a_child("activities", "birthday", "过集体生日的儿童", "Children at a collective birthday"),
        ),
        "sentence": Text(
            zh="建立“留守儿童之家”{homes}，为留守儿童过快乐的集体生日{events}，参加儿童{children}。",
            en="{homes} had a home for left-behind children, {events} took place, {children} came.",
        ),
    },
    "mental_health": {
        "section": "counselling",
        "figures": (
            Figure(
                name="sessions",
                title=Text(zh="心理健康活动场次", en="Mental-health lectures and games"),
                unit=Text(zh="场", en=" sessions"),
                of="activities",
                kind="mental_health",
            ),
        ),
        "sentence": Text(
            zh="各校开展心理健康讲座、心理拓展游戏{sessions}。", en="{sessions} on mental health took place."
        ),
    },
    "proxy_parent": {
        "section": "help",
        "order": 1,
        "figures": (_once_a_child("pairings", "proxy_parent", "有代理家长的儿童", "Children with a proxy parent"),),
        "sentence": Text(zh="为每位留守儿童安排一名代理家长，已落实{children}。", en="{children} had a proxy parent."),
    },
    "weekly_talk": {
        "section": "help",
        "order": 3,
        "figures": (
            Figure(
                name="records",
                title=Text(zh="谈心记录", en="Talks on record"),
                unit=Text(zh="次", en=" talks"),
                of="records",
                kind="talk",
            ),
        ),
        "sentence": Text(
            zh="每周与留守儿童谈一次心，已谈心{records}。", en="Teachers held {records} with the children."
        ),
    },
    "weekly_tutoring": {
        "section": "help",
        "order": 4,
        "figures": (
            Figure(
                name="records",
                title=Text(zh="作业辅导记录", en="Tutoring on record"),
                unit=Text(zh="次", en=" tutoring sessions"),
                of="records",
                kind="tutoring",
            ),
        ),
        "sentence": Text(zh="每周辅导一次作业，已辅导{records}。", en="They gave the children {records}."),
    },
    "home_visit": {
        "section": "help",
        "order": 5,
        "figures": (_once_a_child("records", "visit", "受到慰问的儿童", "Children whose family was visited"),),
        "sentence": Text(
            zh="每年深入一次留守儿童家庭慰问，已慰问{children}。", en="The families of {children} were visited."
        ),
    },
    "family_call": {
        "section": "contact",
        "figures": (
            Figure(
                name="records",
                title=Text(zh="亲情通话记录", en="Family calls on record"),
                unit=Text(zh="次", en=" calls"),
                of="records",
                kind="call",
            ),
            _once_a_child("records", "call", "与家长通话的儿童", "Children who called their parents"),
        ),
        "sentence": Text(
            zh="充分发挥寄宿制学校“亲情室”作用，组织留守儿童{children}与家长电话或视频沟通{records}。",
            en="From the call rooms {children} made {records} to their parents.",
        ),
    },
    "mentor": {
        "section": "pairing",
        "figures": (_once_a_child("pairings", "mentor", "有帮扶教师的儿童", "Children with a mentor"),),
        "sentence": Text(
            zh="建立“1+N”师生帮扶关系，结对留守儿童{children}。",
            en="{children} had a teacher as mentor (1+N).",
        ),
    },
    "peer": {
        "section": "pairing",
        "figures": (_once_a_child("pairings", "peer", "有结对同伴的儿童", "Children with a peer"),),
        "sentence": Text(
            zh="建立“1+1”同伴帮扶关系，结对留守儿童{children}。",
            en="{children} had a classmate at their side (1+1).",
        ),
    },
    "plan": {
        "section": "help",
        "order": 2,
        "figures": (_once_a_child("records", "plan", "有个体帮扶计划的儿童", "Children with a plan of their own"),),
        "sentence": Text(
            zh="制定留守儿童学困生个体帮扶计划，已覆盖{children}。", en="{children} had a plan of their own."
        ),
    },
    "home_teaching": {
        "section": "study",
        "figures": (
            _once_a_child("records", "home_teaching", "送教上门的儿童", "Children taught at home"),
            Figure(
                name="visits",
                title=Text(zh="送教上门次数", en="Lessons at home"),
                unit=Text(zh="次", en=" lessons"),
                of="records",
                kind="home_teaching",
            ),
            Figure(
                name="paid",
                title=Text(zh="已发放的送教补贴", en="Home-teaching subsidies paid"),
                unit=YUAN,
                of="subsidies",
                where={"paid": True},
                sum="amount",
            ),
            Figure(
                name="owed",
                title=Text(zh="待发放的送教补贴", en="Home-teaching subsidies owed"),
                unit=YUAN,
                of="subsidies",
                where={"paid": False},
                sum="amount",
            ),
        ),
        "sentence": Text(
            zh="对因残疾等特殊原因不能到校上课的留守儿童开展“送教上门”，服务{children}，送教{visits}，已发放教师交通、伙食补贴{paid}。",
            en="{children} who cannot attend had {visits} at home, {paid} of subsidies were paid.",
        ),
    },
    "after_school": {
        "section": "after_school",
        "figures": (
            Figure(
                name="primary_schools",
                title=Text(zh="开展课后服务的小学", en="Primary schools with after-school care"),
                unit=Text(zh="所", en=" primary schools"),
                of="schools",
                where={"stage": "primary", "after_school": True},
            ),
            Figure(
                name="middle_schools",
                title=Text(zh="开展课后服务的中学", en="Middle schools with after-school care"),
                unit=Text(zh="所", en=" middle schools"),
                of="schools",
                where={"stage": "middle", "after_school": True},
            ),
            Figure(
                name="places",
                title=Text(zh="参加课后服务的贫困儿童", en="After-school places of children in poverty"),
                unit=CHILDREN,
                of="enrolments",
                kind="after_school",
                where={"free": True},
            ),
        ),
        "sentence": Text(
            zh="推进校内课后服务工作，小学已开展{primary_schools}，中学已开展{middle_schools}，优先、免费接纳本校贫困留守儿童{places}。",
            en="After-school care is offered: by {primary_schools}, by {middle_schools}, free and first for {places} in poverty.",
        ),
    },
}
