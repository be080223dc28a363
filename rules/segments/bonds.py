"""What ties a person to the shop: price or more, word of mouth, silent loyalty, an open wound."""

import polars as pl

from rules.segments.definition import (
    Definition,
    Terms,
    Turn,
    count_of,
    day_of,
    days_after,
    known,
    when,
)
from schemas.dimensions import Dimension, KocSign, Segment, WheelKind


def _repeats_told(terms: Terms) -> pl.Expr:
    return pl.col("repeats_told") >= terms.policy.price_repeats


def _discounted_share() -> pl.Expr:
    return pl.col("repeats_discounted") / pl.col("repeats_told")


def _is_price_bound(terms: Terms) -> pl.Expr:
    return _repeats_told(terms) & (_discounted_share() >= terms.policy.price_bound_share)


def _is_attached(terms: Terms) -> pl.Expr:
    return _repeats_told(terms) & (_discounted_share() <= terms.policy.attached_share)


def _signs(terms: Terms) -> dict[KocSign, pl.Expr]:
    policy = terms.policy
    voices = pl.col("reviews") + pl.col("suggestions")
    return {
        KocSign.BUYS_AGAIN: pl.col("order_days") >= policy.koc_order_days,
        KocSign.BRINGS_OTHERS: pl.col("referrals") >= policy.koc_referrals,
        KocSign.SPEAKS_UP: voices >= policy.koc_voices,
        KocSign.KNOWS_STAFF: pl.col("staff_contacts") >= policy.koc_staff_contacts,
    }


def _is_koc_candidate(terms: Terms) -> pl.Expr:
    signs = _signs(terms)
    enough = count_of(signs.values()) >= terms.policy.koc_signs
    required = [signs[sign] for sign in terms.policy.koc_required]
    return pl.all_horizontal(enough, *required)


def _signs_shown(terms: Terms) -> pl.Expr:
    shown = [when(holds, pl.lit(sign.value)) for sign, holds in _signs(terms).items()]
    return pl.concat_list(shown).list.drop_nulls()


def _quiet_until(terms: Terms) -> pl.Expr:
    policy = terms.policy
    own = (pl.col("gap_median") * policy.silent_cycles).ceil().cast(pl.Int64, strict=False)
    days = own.fill_null(0).clip(lower_bound=policy.silent_days)
    return days_after(pl.col("last_on"), days)


def _is_silent_buyer(terms: Terms) -> pl.Expr:
    policy = terms.policy
    silent = pl.col("unanswered") >= policy.silent_touches
    buys = pl.col("order_days") >= policy.silent_order_days
    return silent & buys & (_quiet_until(terms) >= terms.today)


def _complained_until(terms: Terms) -> pl.Expr:
    return days_after(day_of("complaint_at", terms), terms.policy.complaint_days)


def _is_complaint_open(terms: Terms) -> pl.Expr:
    answered = pl.col("complaint_answered_at") > pl.col("complaint_at")
    return ~answered.fill_null(value=False) & (_complained_until(terms) >= terms.today)


DEFINITIONS = (
    Definition(
        Dimension.PRICE,
        Segment.PRICE_BOUND,
        "Comes back under a discount only. Repeat purchase driven by price is not loyalty (domain"
        ".md, A: loyalty of mind and of habit); orders whose discount is unknown say nothing.",
        _is_price_bound,
        lambda _: known("repeats_told", "repeats_discounted"),
    ),
    Definition(
        Dimension.PRICE,
        Segment.ATTACHED,
        "Comes back mostly without a discount: such a person looks for belonging, and discounting "
        "breaks trust (domain.md, B: fans and users).",
        _is_attached,
        lambda _: known("repeats_told", "repeats_discounted"),
    ),
    Definition(
        Dimension.ADVOCATE,
        Segment.KOC_CANDIDATE,
        "Shows the signs of a delighted buyer: buys again, brings others, reviews or suggests, "
        "knows the staff (domain.md, B: 2.7). Which and how many are asked for is policy.",
        _is_koc_candidate,
        lambda terms: {
            "signs": _signs_shown(terms),
            **known("order_days", "referrals", "reviews", "suggestions", "staff_contacts"),
        },
    ),
    Definition(
        Dimension.VOICE,
        Segment.SILENT_BUYER,
        "Leaves message after message unanswered and keeps buying. Silence is not churn (domain.md"
        ", B: 2.2): score on orders, not on chat, and write less.",
        _is_silent_buyer,
        lambda _: known("unanswered", "touches", "order_days", "last_on"),
        turn=Turn(
            WheelKind.VOICE,
            lambda terms: when(_is_silent_buyer(terms), days_after(_quiet_until(terms), 1)),
        ),
    ),
    Definition(
        Dimension.COMPLAINT,
        Segment.COMPLAINT_OPEN,
        "Complained and has not heard from staff since. Soothe first and sell last (product.md, "
        "东航); after `complaint_days` silence is no longer the answer to it.",
        _is_complaint_open,
        lambda terms: {"complained_on": day_of("complaint_at", terms)},
        since=lambda terms: day_of("complaint_at", terms),
        turn=Turn(
            WheelKind.COMPLAINT,
            lambda terms: when(_is_complaint_open(terms), days_after(_complained_until(terms), 1)),
        ),
    ),
)
