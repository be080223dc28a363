import logging
from datetime import timedelta

import pytest

from schemas.errors import SourceError
from tests.adapters.loopback import Answer, Loopback, Request
from tests.adapters.youzan.reading import SINCE, Made, keys, orders
from tests.adapters.youzan.stand_in import (
    CUT_SHORT,
    YouzanShop,
    gateway_error,
    refused,
)


def test_a_token_that_ends_in_mid_run_is_replaced(source: Made, shop: YouzanShop) -> None:
    for number in range(10):
        shop.put(number, SINCE)

    def end(shop: YouzanShop, _: Request) -> None:
        if len(shop.asked) == 2:
            shop.ended.add("token1")

    shop.before = end
    assert len(keys(orders(source(page_size=2)))) == 10
    assert shop.tokens == ["token1", "token2"]


def test_a_token_is_replaced_before_it_ends(source: Made, shop: YouzanShop) -> None:
    for number in range(10):
        shop.put(number, SINCE)

    def pass_time(shop: YouzanShop, _: Request) -> None:
        shop.now += timedelta(days=6, hours=23, minutes=55) / 3

    shop.before = pass_time
    assert len(keys(orders(source(page_size=2)))) == 10
    assert len(shop.tokens) > 1
    assert "token1" in shop.ended


def test_a_token_refused_twice_is_an_error(
    source: Made, shop: YouzanShop, server: Loopback
) -> None:
    shop.faults = [gateway_error(4203), gateway_error(4201)]
    with pytest.raises(SourceError, match="authorises"):
        orders(source())
    assert len(server.requests) == 5


def test_wrong_credentials_name_the_variables_to_set(source: Made) -> None:
    with pytest.raises(SourceError, match="RUNWU_SOURCES_YZ_CLIENT_ID") as told:
        orders(source(secret="wr0ng"))
    assert "wr0ng" not in str(told.value)
    assert "机密" not in str(told.value)


@pytest.mark.parametrize("throttle", [gateway_error(4101), refused(123000042), refused(500100004)])
def test_a_throttle_is_waited_out_as_youzan_asks(
    source: Made, shop: YouzanShop, waits: list[float], throttle: Answer
) -> None:
    shop.put(1, SINCE)
    shop.faults = [throttle] * 4
    assert len(keys(orders(source()))) == 1
    assert waits == [3.0, 6.0, 12.0, 24.0]


def test_a_throttle_that_lasts_is_an_error(source: Made, shop: YouzanShop) -> None:
    shop.faults = [gateway_error(4101)] * 5
    with pytest.raises(SourceError, match="4101"):
        orders(source())


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Answer(status=429, headers={"Retry-After": "7"}), 7.0),
        (CUT_SHORT, None),
        (refused(106000001), None),
        (Answer(status=502), None),
    ],
)
def test_what_passes_is_asked_again(
    source: Made, shop: YouzanShop, waits: list[float], fault: Answer, wait: float | None
) -> None:
    shop.put(1, SINCE)
    shop.faults = [fault]
    assert len(keys(orders(source()))) == 1
    assert len(waits) == 1
    assert wait is None or waits == [wait]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (gateway_error(4204), "能力包"),
        (gateway_error(4007), "IP白名单"),
        (refused(5000), "code 5000"),
        (Answer({"error_response": {"code": 40010, "msg": "机密 7"}}), "code 40010"),
        (Answer([]), "neither data"),
        (Answer({"code": 200, "data": {"full_order_info_list": []}}), "lacks its records"),
        (Answer({"code": 200, "data": {"total_results": 1}}), "lacks its records"),
    ],
)
def test_a_refusal_is_one_sentence_without_what_youzan_said(
    source: Made, shop: YouzanShop, answer: Answer, told: str
) -> None:
    shop.faults = [answer]
    with pytest.raises(SourceError, match=told) as error:
        orders(source())
    assert "机密" not in str(error.value)


def test_the_older_envelope_is_read_too(source: Made, shop: YouzanShop) -> None:
    shop.put(1, SINCE)
    shop.envelope = "response"
    assert len(keys(orders(source()))) == 1


def test_a_token_is_in_no_log(
    source: Made, shop: YouzanShop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        orders(source())
    assert "youzan.trades.sold.get" in caplog.text
    assert shop.tokens[0] not in caplog.text
