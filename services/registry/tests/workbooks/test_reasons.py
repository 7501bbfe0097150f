import re
from pathlib import Path

from hongzhu_registry.workbooks import Reason, reasons

SERVICE = Path(reasons.__file__).parents[1]  # the storing side has reasons of its own in the same table


def test_every_reason_is_said_in_both_languages_with_the_way_to_mend_it():
    for code, sentences in reasons.SENTENCES.items():
        assert len(sentences) == 4, code
        assert all(sentences), code
        assert re.search("[\u4e00-\u9fff]", sentences[0]), code
        assert not re.search("[\u4e00-\u9fff]", sentences[1]), code
        assert set(re.findall(r"{\w+}", sentences[0])) == set(re.findall(r"{\w+}", sentences[1])), code


def test_every_code_that_is_raised_has_its_sentences_and_none_is_idle():
    source = "".join(path.read_text() for path in SERVICE.rglob("*.py") if path.name != "sentences.py")
    assert {code for code in reasons.SENTENCES if f'"{code}"' not in source} == set()
    raised = set(re.findall(r'(?:UnclearError|UnreadableWorkbook|Refused)\((?:[^()]*, )?"(\w+)"', source))
    assert raised <= set(reasons.SENTENCES)


def test_a_reason_speaks():
    assert Reason("id_length", {"length": 17}).text() == "身份证号应为18位，现为17位"
    assert Reason("id_length", {"length": 17}).text("en").endswith("this one has 17")
