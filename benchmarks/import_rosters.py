"""Taking in rosters: 100,000 invented children in twenty workbooks, through the very function that `hongzhu import` calls.

The limit is measured in the same run: the cells of the same workbooks read by calamine and nothing else, then the same
cells copied (COPY) into a bare table of text with neither key nor index.
"""

import base64
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from plan_and_emit import DAY, Result, own_postgres
from python_calamine import CalamineWorkbook
from sqlalchemy import func, insert, select
from stdnum.cn.ric import calc_check_digit
from xlsxwriter import Workbook

from hongzhu.clock import stand_on
from hongzhu.settings import settings

FILES, PER_SCHOOL = 20, 500
PLAIN = "序号 学校标识码 年级 班级 姓名 性别 民族 出生日期 身份证号 户籍地址 是否寄宿 是否贫困户 健康状况 残疾类别及等级 留守类型"
LEAVES = "姓名 务工地点 联系电话 外出时间"
AFTER = "实际监护人 与儿童关系 监护人电话 代理家长 代理家长电话 帮扶教师(1+N) 结对同伴(1+1) 备注"
HEADER = [
    *PLAIN.split(),
    *(f"{parent}{leaf}" for parent in ("父亲", "母亲") for leaf in LEAVES.split()),
    *AFTER.split(),
]
SURNAMES, GIVEN = "王李张林陈黄刘吴叶郑罗邓赖", "文家天乐梅兰佳宇涵欣怡浩然子轩雨婷"
PLACES = ["福州市", "厦门市", "广东省深圳市", "江苏省昆山市", "上海市", "泉州市晋江市"]


def line(number: int, chance: random.Random) -> list[Any]:
    """One line of a roster; the number tells the child, so that the same number is the same child."""

    def name() -> str:
        return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2))

    def phone() -> str:
        return f"1{chance.randrange(3_000_000_000, 10_000_000_000)}"

    def parent() -> list[Any]:
        return [name(), chance.choice(PLACES), phone(), f"201{chance.randrange(10)}.{chance.randrange(1, 13):02}"]

    born_on = date(2008, 1, 1) + timedelta(days=number % 2900)
    stem = f"{350100 + number // 2_900_000:06}{born_on:%Y%m%d}{number // 2900:03}"
    school = f"{2_135_000_000 + number // PER_SCHOOL}"
    home = f"永安市燕东街道{chance.choice(GIVEN)}{chance.choice(GIVEN)}村{chance.randrange(1, 300)}号"
    tutor = number // 5  # a proxy parent has a handful of children
    return [
        *(number, school, f"{number % 9 + 1}", f"{number % 4 + 1}班", name()),
        *("男" if int(stem[16]) % 2 else "女", "汉族", f"{born_on}", stem + calc_check_digit(stem + "0"), home),
        *("是" if number % 3 == 0 else "否", "是" if number % 20 == 0 else "否", "健康", "", "双亲留守"),
        *(*parent(), *parent(), name(), chance.choice(["祖父", "外祖母"]), phone()),
        *(f"代{GIVEN[tutor % 17]}{GIVEN[tutor // 17 % 17]}", f"139{tutor:08}", "", "", ""),
    ]


def write(folder: Path, children: int) -> list[Path]:
    """Write the workbooks; the same call writes the same children."""
    chance = random.Random(20201123)
    paths = []
    for first in range(0, children, -(-children // FILES)):
        paths.append(folder / f"roster-{first:07}.xlsx")
        with Workbook(paths[-1]) as book:
            sheet = book.add_worksheet("花名册")
            sheet.write_row(0, 0, ["2020年秋季农村留守儿童情况登记表"])
            sheet.write_row(1, 0, HEADER)
            for row, number in enumerate(range(first, min(first + -(-children // FILES), children)), 2):
                sheet.write_row(row, 0, line(number, chance))
    return paths


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cells_of(paths: list[Path]) -> Iterator[list[Any]]:
    for path in paths:
        yield from CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[2:]


def limit(paths: list[Path], url: str, children: int) -> tuple[float, float]:
    """Seconds to read the cells and nothing else, and to copy them into a bare table."""
    start = time.perf_counter()
    rows = list(cells_of(paths))
    read = time.perf_counter() - start
    assert len(rows) == children
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        columns = ", ".join(f"c{number} text" for number in range(len(HEADER)))
        connection.execute(f"CREATE TABLE bare ({columns})")
        connection.commit()

        def fill() -> None:
            with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.commit()

        copied = timed(fill)
        connection.execute("DROP TABLE bare")
    return read, copied


def play_round(paths: list[Path], children: int) -> tuple[float, float, float, float]:
    """Measure limit and product side by side: seconds to read, to copy, to import, and to import the same again."""
    import hongzhu_registry.tables  # noqa: F401 - a migration wants to know them all
    from hongzhu_registry.children.models import Child, Relative
    from hongzhu_registry.database import database, outbox_rows
    from hongzhu_registry.imports.service import take_in
    from hongzhu_registry.pairings.models import Pairing
    from hongzhu_registry.schools.models import School
    from hongzhu_registry.sealing import key_ring

    with own_postgres() as url:
        os.environ["HONGZHU_REGISTRY_DATABASE_URL"] = url
        settings.cache_clear()
        key_ring.cache_clear()
        database.migrate()
        with database.transaction() as session:
            codes = [f"{2_135_000_000 + number}" for number in range(-(-children // PER_SCHOOL))]
            rows = [{"id": code, "version": 1, "name": f"学校{code}", "entered_on": DAY} for code in codes]
            session.execute(insert(School), rows)
        read, copied = limit(paths, url, children)
        files = [(path.name, path) for path in paths]

        def import_all() -> dict[str, Any]:
            return take_in(files, lambda *_: None).as_json()

        start = time.perf_counter()
        first = import_all()
        imported = time.perf_counter() - start
        assert (first["accepted"]["children"], first["rejected"], first["warnings"]) == (children, [], []), first
        with database.transaction() as session:
            kept = [session.scalar(select(func.count()).select_from(each)) for each in (Child, Relative, Pairing)]
            assert kept == [children, 3 * children, children], kept
            said = session.scalar(select(func.count()).select_from(outbox_rows))
        start = time.perf_counter()
        second = import_all()
        again = time.perf_counter() - start
        assert second["unchanged"] == {"children": children}, second
        assert sum(second["accepted"].values()) == sum(second["changed"].values()) == 0, second
        with database.transaction() as session:
            assert session.scalar(select(func.count()).select_from(outbox_rows)) == said
    return read, copied, imported, again


def measure(children: int, rounds: int) -> list[Result]:
    """Measure the import of so many children; of several rounds the best of each side counts."""
    keys = (f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("bench", "index", "link"))
    os.environ["HONGZHU_SECRET_KEYS"] = ",".join(keys)
    settings.cache_clear()
    stand_on(DAY)
    with tempfile.TemporaryDirectory(prefix="hongzhu-rosters-") as folder:
        paths = write(Path(folder), children)
        played = [play_round(paths, children) for _round in range(rounds)]
    read, copied, imported, again = (min(each) for each in zip(*played, strict=True))
    bound = read + copied
    least = f"{bound:.2f} s, {children / bound:,.0f} rows/s (read {read:.2f} s + COPY {copied:.2f} s)"
    return [
        Result(
            f"import {children:,} rows of rosters in {FILES} workbooks, PostgreSQL",
            f"{imported:.2f} s, {children / imported:,.0f} rows/s",
            least,
            f"{imported / bound:.2f}×",
            "≤ 3×",
            imported / bound <= 3,
        ),
        Result(
            f"import the same {children:,} rows again",
            f"{again:.2f} s, nothing changed",
            least,
            f"{again / bound:.2f}×",
            "≤ 3×",
            again / bound <= 3,
        ),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hongzhu-bench-") as home:
        os.environ["HONGZHU_HOME"] = home
        arguments = [int(each) for each in sys.argv[1:]]
        for result in measure(*(arguments or [100_000, 1])):
            print(*result, sep="\n  ")
