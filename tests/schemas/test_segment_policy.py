"""Contradictions in the thresholds of segments are refused in a sentence that says what to do."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.segments import Cuts, DeclaredTrait, SegmentPolicy

CHILD = {"name": "child in the family", "value": "yes", "products": ["纸尿裤"]}


def test_the_defaults_agree_with_themselves() -> None:
    assert SegmentPolicy().shopper_days == 3


def test_a_policy_reads_traits_from_plain_values() -> None:
    policy = SegmentPolicy.model_validate({"traits": [CHILD, {**CHILD, "value": "baby"}]})
    assert [trait.value for trait in policy.traits] == ["yes", "baby"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"top_share": 0.3}, "each value tier holds the one above it"),
        ({"super_user_share": 0.05}, "each value tier holds the one above it"),
        ({"impatient_hours": 72}, "nobody is impatient and deliberate"),
        ({"attached_share": 0.9}, "nobody is attached and price-bound"),
        (
            {"koc_required": ["buys_again", "speaks_up"], "koc_signs": 1},
            "names 2 signs; `koc_signs` = 1 asks for fewer",
        ),
        ({"koc_required": ["buys_again"] * 2}, "`koc_required` has 'buys_again' more than once"),
        ({"traits": [CHILD, CHILD]}, "`traits` has 'child in the family:yes' more than once"),
        ({"koc_signs": 5}, "less than or equal to 4"),
        ({"shopper_days": 1}, "greater than or equal to 2"),
        ({"half_life_days": 0}, "greater than or equal to 1"),
        ({"free_shipping_from": 0}, "greater than 0"),
        ({"shoper_days": 4}, "Extra inputs are not permitted"),
    ],
)
def test_a_contradiction_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SegmentPolicy.model_validate(values)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "likes"}, "'likes' is inferred already"),
        ({"name": "travels"}, "'travels' is inferred already"),
        ({"name": "a:b"}, "should match pattern"),
        ({"products": []}, "needs `families` or `products`"),
        ({"days": 1}, "greater than or equal to 2"),
    ],
)
def test_a_trait_that_cannot_be_told_is_refused(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DeclaredTrait.model_validate({**CHILD, **changed})


def test_equal_cuts_and_unknown_ones_are_cuts() -> None:
    assert Cuts(super_user=5.0, valued=5.0, unit_price_low=2.0).top is None
    assert Cuts(unit_price_low=2.0, unit_price_high=3.0).order_rate is None


@pytest.mark.parametrize(
    ("cuts", "complaint"),
    [
        ({"order_rate": 0.0}, "`order_rate` is 0.0"),
        ({"top": -1.0}, "`top` is -1.0"),
        ({"valued": float("nan")}, "`valued` is nan"),
        ({"super_user": float("inf")}, "`super_user` is inf"),
        ({"super_user": 5.0, "valued": 6.0}, "a higher value tier asks for more"),
        ({"unit_price_low": 6.0, "unit_price_high": 6.0}, "nobody buys cheap at 6.0"),
    ],
)
def test_cuts_that_cut_nothing_are_refused(cuts: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Cuts(**cuts)
