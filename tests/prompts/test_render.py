"""Templates are made into text in a sandbox; a missing name is an error, never a blank."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.render import Unrenderable, render


def test_values_are_filled_in() -> None:
    assert render("您好，{{ business }}。\n", {"business": "润物"}) == "您好，润物。"


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ name }}", "'name' is undefined"),
        ("{% if name %}x{% endif %}", "'name' is undefined"),
        ("{{ product.name }}", "no attribute 'name'"),
        ("{{ product[7] }}", "no element 7"),
        ("{{ product", "unexpected end of template"),
        ("{% if product %}", "Unexpected end of template"),
        ("{{ product | shout }}", "No filter named 'shout'"),
        ("{{ product + 1 }}", "can only concatenate"),
        ("{% include 'other' %}", "no loader"),
    ],
)
def test_what_does_not_fit_is_named(template: str, told: str) -> None:
    with pytest.raises(Unrenderable, match=told):
        render(template, {"product": "挂耳"})


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ product.__init__.__globals__ }}",
        "{{ product['__class__'] }}",
        "{{ (product | attr('__class__')).__mro__ }}",
        "{{ products.append(1) }}",
        "{{ products.clear() }}",
    ],
)
def test_nothing_beyond_the_values_can_be_reached(template: str) -> None:
    with pytest.raises(Unrenderable):
        render(template, {"product": "挂耳", "products": []})


@pytest.mark.parametrize("template", ["{{ 1 // weeks }}", "{{ range(1000000000) | list }}"])
def test_what_cannot_be_computed_stops_one_wording_and_not_the_run(template: str) -> None:
    with pytest.raises(Unrenderable):
        render(template, {"weeks": 0})


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1))
def test_a_value_is_never_a_template(name: str) -> None:
    assert render("「{{ name }}」", {"name": name}) == f"「{name}」"


@pytest.mark.parametrize("name", ["{{ 7 * 7 }}", "{% raw %}", "<b>&amp;", "{{ business }}"])
def test_a_value_is_printed_as_it_is(name: str) -> None:
    """WeCom shows plain text, so nothing is escaped either."""
    assert render("{{ name }}", {"name": name, "business": "润物"}) == name
