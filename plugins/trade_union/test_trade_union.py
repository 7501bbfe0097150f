"""What the trade union's plugin promises."""

from hongzhu.trigger import HolidayOffer, OnEvent
from hongzhu_trade_union import programmes

BY_CODE = {each.code: each for each in programmes()}


def test_a_referral_is_answered_at_once_and_whoever_is_taken_on_is_counselled() -> None:
    answered, counselled = BY_CODE["trade_union.referral"], BY_CODE["trade_union.counselling"]
    assert isinstance(answered.trigger, OnEvent)
    assert isinstance(counselled.trigger, OnEvent)
    assert (answered.trigger.event, answered.resolved_by) == ("referral", "referral_answered")
    assert (counselled.trigger.event, counselled.resolved_by) == ("referral_accepted", "counselling")
    assert answered.urgent


def test_the_summer_class_is_four_weeks_long_with_limited_places() -> None:
    offer = BY_CODE["trade_union.summer_class"].trigger
    assert isinstance(offer, HolidayOffer)
    assert (offer.season, offer.weeks, offer.places) == ("summer", 4, 50)


def test_the_summer_class_asks_for_no_field_of_any_child() -> None:
    assert {code for code, each in BY_CODE.items() if not each.fields} == {"trade_union.summer_class"}
