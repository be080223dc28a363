"""What a source sells, where, and who serves there."""

from store.publication import Publication, Published


def publish_stores(run: Publication) -> Published:
    """Publish stores."""
    unchanged = run(
        "DELETE FROM {stage} s USING store t WHERE t.source = :source AND t.key = s.key"
        " AND (t.name, t.city, t.timezone) IS NOT DISTINCT FROM (s.name, s.city, s.timezone)"
    )
    _make_facts_anew(run, "store", "t.city IS DISTINCT FROM s.city")
    published = run(
        "INSERT INTO store (source, key, name, city, timezone)"
        " SELECT :source, key, name, city, timezone FROM {stage}"
        " ON CONFLICT (source, key) DO UPDATE SET name = excluded.name,"
        " city = excluded.city, timezone = excluded.timezone"
    )
    return Published(published, unchanged, {})


def publish_employees(run: Publication) -> Published:
    """
    Publish employees; who serves a contact is known by id before anybody tells their name.

    Several sources may know one employee: what one does not tell, another's word stays for.
    """
    unchanged = run(
        "DELETE FROM {stage} s USING employee e WHERE e.id = s.key AND e.source IS NOT NULL"
        " AND (s.name IS NULL OR s.name = e.name)"
        " AND (s.store_key IS NULL OR s.store_key = e.store_key)"
        " AND (s.active IS NULL OR s.active = e.active)"
    )
    published = run(
        "INSERT INTO employee AS e (id, source, name, store_key, active)"
        " SELECT s.key, :source, s.name, s.store_key, coalesce(s.active, known.active, true)"
        " FROM {stage} s LEFT JOIN employee known ON known.id = s.key"
        " ORDER BY s.key ON CONFLICT (id) DO UPDATE SET source = excluded.source,"
        " name = coalesce(excluded.name, e.name),"
        " store_key = coalesce(excluded.store_key, e.store_key), active = excluded.active"
    )
    return Published(published, unchanged, {})


def publish_products(run: Publication) -> Published:
    """Publish products; those that orders told of already get what only a catalogue knows."""
    unchanged = run(
        "DELETE FROM {stage} s USING product p WHERE p.source = :source AND p.key = s.key"
        " AND (p.name, p.family, p.launched_at, p.stock)"
        " IS NOT DISTINCT FROM (s.name, s.family, s.launched_at, s.stock)"
    )
    _make_facts_anew(run, "product", "coalesce(t.family, t.key) <> coalesce(s.family, s.key)")
    published = run(
        "INSERT INTO product (source, key, name, family, launched_at, stock)"
        " SELECT :source, key, name, family, launched_at, stock FROM {stage} ORDER BY key"
        " ON CONFLICT (source, key) DO UPDATE SET name = excluded.name,"
        " family = excluded.family, launched_at = excluded.launched_at, stock = excluded.stock"
    )
    return Published(published, unchanged, {})


def _make_facts_anew(run: Publication, table: str, is_another: str) -> None:
    """
    Have everybody's facts made anew where what they say of known rows of `table` is wrong now.

    Who bought there, or bought that, is known by no index; and a family or a city changes rarely.
    """
    run(
        "UPDATE rebuild SET version = '' WHERE subject = 'facts' AND EXISTS ("
        f"SELECT 1 FROM {{stage}} s JOIN {table} t ON t.source = :source AND t.key = s.key"
        f" WHERE {is_another})"
    )
